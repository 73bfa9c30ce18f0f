internal import NIOCore

/// Makes a message from a checked envelope.
struct MessageReader: ~Copyable {
    private let message: ByteBuffer
    private let bytes: UnsafeRawBufferPointer
    private let envelope: Envelope

    /// Takes a checked envelope. The bytes are those of the message, and must outlive the reader.
    @inline(__always)
    init(message: ByteBuffer, bytes: UnsafeRawBufferPointer, envelope: consuming Envelope) {
        self.message = message
        self.bytes = bytes
        self.envelope = envelope
    }

    /// The message. Kinds that only clients send were refused before.
    @inline(__always)
    func read(_ kind: MessageKind) throws(MessageError) -> IncomingMessage {
        switch kind {
        case .invocation:
            return .invocation(
                Invocation(
                    request: self.id(1), registration: self.id(2), details: self.details(3),
                    payload: self.payload(4, details: 3)))
        case .event:
            return .event(
                Event(
                    subscription: self.id(1), publication: self.id(2), details: self.details(3),
                    payload: self.payload(4, details: 3)))
        case .result:
            return .result(
                CallResult(request: self.id(1), details: self.details(2), payload: self.payload(3, details: 2)))
        case .published: return .published(Published(request: self.id(1), publication: self.id(2)))
        case .subscribed: return .subscribed(Subscribed(request: self.id(1), subscription: self.id(2)))
        case .registered: return .registered(Registered(request: self.id(1), registration: self.id(2)))
        case .interrupt: return .interrupt(Interrupt(request: self.id(1), details: self.details(2)))
        case .error: return self.error()
        case .unsubscribed: return .unsubscribed(try self.unsubscribed())
        case .unregistered: return .unregistered(try self.unregistered())
        case .welcome: return .welcome(Welcome(session: self.id(1), details: self.details(2)))
        case .challenge: return .challenge(Challenge(method: self.string(1), extra: self.details(2)))
        case .goodbye: return .goodbye(Goodbye(details: self.details(1), reason: self.string(2)))
        case .abort:
            return .abort(Abort(details: self.details(1), reason: self.string(2), payload: self.payload(3)))
        case .hello, .authenticate, .publish, .subscribe, .unsubscribe, .call, .cancel, .register, .unregister, .yield:
            throw MessageError(.wrongDirection(kind))
        }
    }

    private func error() -> IncomingMessage {
        guard let kind = MessageKind(rawValue: Int(self.envelope.elements[1].integer)), kind.canFail else {
            return .strayError
        }
        return .error(
            ErrorMessage(
                requestKind: kind, request: self.id(2), details: self.details(3), uri: self.string(4),
                payload: self.payload(5, details: 3)))
    }

    private func unsubscribed() throws(MessageError) -> Unsubscribed {
        if self.envelope.elements[1].integer > 0 { return .answer(self.id(1)) }
        guard self.envelope.count > 2,
            let subscription = self.details(2).integer("subscription").flatMap({ SubscriptionID($0) })
        else { throw MessageError(.wrongElement(.unsubscribed, index: 2)) }
        return .revoked(subscription, reason: self.details(2).string("reason"))
    }

    private func unregistered() throws(MessageError) -> Unregistered {
        if self.envelope.elements[1].integer > 0 { return .answer(self.id(1)) }
        guard self.envelope.count > 2,
            let registration = self.details(2).integer("registration").flatMap({ RegistrationID($0) })
        else { throw MessageError(.wrongElement(.unregistered, index: 2)) }
        return .revoked(registration, reason: self.details(2).string("reason"))
    }

    /// An id whose range was checked.
    @inline(__always)
    private func id<ID: WAMPIdentifier>(_ index: Int) -> ID {
        ID(checked: self.envelope.elements[index].integer)
    }

    private func string(_ index: Int) -> String {
        JSON.unescape(
            self.envelope.text(at: index, self.bytes),
            isEscaped: self.envelope.elements[index].traits.contains(.escaped))
    }

    @inline(__always)
    private func details(_ index: Int) -> Details {
        guard let text = self.slice(index) else { return .empty }
        return Details(text: text)
    }

    /// The payload behind the details. They may mark it as opaque, for applications that share more than the router
    /// knows (`ppt_scheme`).
    @inline(__always)
    private func payload(_ index: Int, details: Int) -> Payload {
        guard self.envelope.elements[details].count > 2, self.isPassedThrough(details) else {
            return self.payload(index)
        }
        return Payload(
            fault: .opaque, unreadableText: self.envelope.count > index ? self.text(from: index) : nil)
    }

    /// Few details have this key: they are read only if they may.
    private func isPassedThrough(_ index: Int) -> Bool {
        let text = self.envelope.text(at: index, self.bytes)
        let mayBe = text.indices.dropLast(2).contains { offset in
            text[offset] == UInt8(ascii: "\\")
                || (text[offset] == UInt8(ascii: "p") && text[offset + 1] == UInt8(ascii: "p")
                    && text[offset + 2] == UInt8(ascii: "t"))
        }
        guard mayBe, let scheme = self.details(index).element("ppt_scheme") else { return false }
        return scheme.kind != .null
    }

    /// The payload whose two elements begin at an index; either may be missing.
    @inline(__always)
    private func payload(_ index: Int) -> Payload {
        guard self.envelope.count > index else { return .empty }
        var traits = self.envelope.elements[index].traits
        let argumentsKind = self.envelope.elements[index].kind
        if argumentsKind == .string { return Payload(fault: .opaque, unreadableText: self.text(from: index)) }
        let arguments = argumentsKind == .array ? self.slice(index) : nil
        var keywordArguments: ByteBuffer?
        if self.envelope.count > index &+ 1 {
            traits.formUnion(self.envelope.elements[index &+ 1].traits)
            if self.envelope.elements[index &+ 1].kind == .object { keywordArguments = self.slice(index &+ 1) }
        }
        if !traits.isDisjoint(with: .faults) {
            return Payload(fault: Self.fault(traits), unreadableText: self.text(from: index))
        }
        return Payload(
            arguments: arguments, keywordArguments: keywordArguments, containsNUL: traits.contains(.containsNUL))
    }

    private static func fault(_ traits: JSONTraits) -> PayloadFault {
        if traits.contains(.tooDeep) { return .tooDeep }
        if traits.contains(.tooLarge) { return .tooLarge }
        if traits.contains(.absurdNumber) { return .absurdNumber }
        if traits.contains(.keyNotText) { return .keyNotText }
        if traits.contains(.invalidUTF8) { return .invalidUTF8 }
        if traits.contains(.loneSurrogate) { return .loneSurrogate }
        return .notFinite
    }

    /// The arguments as they stand in the message.
    private func text(from index: Int) -> ByteBuffer? {
        let last = self.envelope.elements[min(index + 1, self.envelope.count - 1)]
        let start = Int(self.envelope.elements[index].start)
        return self.message.getSlice(at: self.message.readerIndex + start, length: max(0, Int(last.end) - start))
    }

    @inline(__always)
    private func slice(_ index: Int) -> ByteBuffer? {
        let element = self.envelope.elements[index]
        return self.message.getSlice(at: self.message.readerIndex &+ Int(element.start), length: element.count)
    }
}

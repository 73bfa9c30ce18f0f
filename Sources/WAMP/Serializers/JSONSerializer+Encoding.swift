package import NIOCore

extension JSONSerializer {
    /// Writes one message. Allocates nothing but the buffer's memory.
    package func encode(_ message: OutgoingMessage, into buffer: inout ByteBuffer) {
        switch message {
        case .yield(let yield): self.encode(yield, into: &buffer)
        case .error(let error): self.encode(error, into: &buffer)
        case .publish(let publish): self.encode(publish, into: &buffer)
        case .call(let call):
            self.begin(.call, call.request, into: &buffer)
            self.writeNext(call.options.values, into: &buffer)
            self.writeNext(call.procedure.text, into: &buffer)
            self.writeRest(call.payload, into: &buffer)
        case .cancel(let cancel):
            self.begin(.cancel, cancel.request, into: &buffer)
            self.writeNext(["mode": .string(cancel.mode.rawValue)], into: &buffer)
            self.end(&buffer)
        case .subscribe(let subscribe):
            self.begin(.subscribe, subscribe.request, into: &buffer)
            self.writeNext(subscribe.options.values, into: &buffer)
            self.writeNext(subscribe.topic.text, into: &buffer)
            self.end(&buffer)
        case .unsubscribe(let unsubscribe):
            self.begin(.unsubscribe, unsubscribe.request, into: &buffer)
            self.writeNext(unsubscribe.subscription.rawValue, into: &buffer)
            self.end(&buffer)
        case .register(let register):
            self.begin(.register, register.request, into: &buffer)
            self.writeNext(register.options.values, into: &buffer)
            self.writeNext(register.procedure.text, into: &buffer)
            self.end(&buffer)
        case .unregister(let unregister):
            self.begin(.unregister, unregister.request, into: &buffer)
            self.writeNext(unregister.registration.rawValue, into: &buffer)
            self.end(&buffer)
        case .hello(let hello):
            self.begin(.hello, into: &buffer)
            self.writeNext(hello.realm.text, into: &buffer)
            self.writeNext(hello.details, into: &buffer)
            self.end(&buffer)
        case .authenticate(let authenticate):
            self.begin(.authenticate, into: &buffer)
            self.writeNext(authenticate.signature, into: &buffer)
            self.writeNext(authenticate.extra, into: &buffer)
            self.end(&buffer)
        case .abort(let abort):
            self.begin(.abort, into: &buffer)
            self.writeNext(abort.details, into: &buffer)
            self.writeNext(abort.reason, into: &buffer)
            self.end(&buffer)
        case .goodbye(let goodbye):
            self.begin(.goodbye, into: &buffer)
            self.writeNext(goodbye.details, into: &buffer)
            self.writeNext(goodbye.reason, into: &buffer)
            self.end(&buffer)
        }
    }

    /// Writes a YIELD: the hot path.
    package func encode(_ yield: Yield, into buffer: inout ByteBuffer) {
        // The envelope alone has less than 64 octets.
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 64 + yield.payload.byteCount) { target in
            var writer = OctetWriter(target)
            writer.write("[70,")
            writer.write(yield.request.rawValue)
            writer.write(yield.isProgress ? ",{\"progress\":true}" : ",{}")
            Self.writeRest(yield.payload, into: &writer)
            return writer.count
        }
    }

    /// Writes the ERROR that answers an invocation.
    package func encode(_ error: InvocationError, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("[8,68,")
        JSON.write(integer: error.request.rawValue, into: &buffer)
        buffer.writeStaticString(",{}")
        self.writeNext(error.uri.text, into: &buffer)
        self.writeRest(error.payload, into: &buffer)
    }

    /// Writes a PUBLISH.
    package func encode(_ publish: Publish, into buffer: inout ByteBuffer) {
        self.begin(.publish, publish.request, into: &buffer)
        buffer.writeInteger(UInt8(ascii: ","))
        buffer.writeString(publish.options.text)
        self.writeNext(publish.topic.text, into: &buffer)
        self.writeRest(publish.payload, into: &buffer)
    }

    private func begin(_ kind: MessageKind, into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: "["))
        JSON.write(integer: Int64(kind.rawValue), into: &buffer)
    }

    private func begin(_ kind: MessageKind, _ request: RequestID, into buffer: inout ByteBuffer) {
        self.begin(kind, into: &buffer)
        self.writeNext(request.rawValue, into: &buffer)
    }

    private func writeNext(_ integer: Int64, into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: ","))
        JSON.write(integer: integer, into: &buffer)
    }

    private func writeNext(_ string: String, into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: ","))
        JSON.write(string: string, into: &buffer)
    }

    private func writeNext(_ dictionary: [String: Value], into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: ","))
        JSON.write(.dictionary(dictionary), into: &buffer)
    }

    private func writeNext(_ details: Details, into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: ","))
        buffer.writeImmutableBuffer(details.text)
    }

    private func writeRest(_ payload: Payload, into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 8 + payload.byteCount) { target in
            var writer = OctetWriter(target)
            Self.writeRest(payload, into: &writer)
            return writer.count
        }
    }

    /// Writes the payload as far as it is not empty, and the end of the message: at most 5 octets more than the payload
    /// has. An empty list stands only for the arguments before keyword arguments.
    private static func writeRest(_ payload: Payload, into writer: inout OctetWriter) {
        // Two octets are the brackets alone.
        let hasKeywordArguments = (payload.keywordArguments?.readableBytes ?? 0) > 2
        if let arguments = payload.arguments, arguments.readableBytes > 2 {
            writer.write(UInt8(ascii: ","))
            writer.write(arguments)
        } else if hasKeywordArguments {
            writer.write(",[]")
        }
        if let keywordArguments = payload.keywordArguments, hasKeywordArguments {
            writer.write(UInt8(ascii: ","))
            writer.write(keywordArguments)
        }
        writer.write(UInt8(ascii: "]"))
    }

    private func end(_ buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: "]"))
    }
}

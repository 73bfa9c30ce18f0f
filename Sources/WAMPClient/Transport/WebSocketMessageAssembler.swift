import NIOCore
import WAMP

/// Makes messages of the frames that a router sends (RFC 6455 sections 5, 7.4 and 8.1; wamp-protocol section 9).
///
/// Sans I/O. What is wrong is found as soon as it is there: text that is not
/// UTF-8 at the octet, also within a frame that is not complete. What is too long is read past.
struct WebSocketMessageAssembler {
    /// What a frame was about.
    enum Action: Equatable {
        /// A fragment of a message; more follow.
        case fragment
        /// A message that is longer than what is taken: its first octets. It is read past.
        case tooLong(ByteBuffer)
        /// A whole message.
        case message(ByteBuffer, WebSocketMessageKind)
        /// To be answered with a Pong of the same payload, in order.
        case ping(ByteBuffer)
        /// The answer to a Ping.
        case pong
        /// The router closes; the code is 1005 if it gave none.
        case close(code: UInt16, reason: String)
    }

    private struct Passing {
        let isLast: Bool
    }

    private struct Fragments {
        let kind: WebSocketMessageKind
        var octets: ByteBuffer
    }

    /// So many octets of a message that is too long are kept.
    static let beginning = Serializer.octetsOfBeginning

    /// A frame that is longer than this is not even read past.
    static let mostSkipped = 1 << 32

    private let accepted: WebSocketMessageKind?
    private let greatest: Int
    /// Octets of the frame that are still to be read past.
    private var skipped = 0
    /// Within a message that is read past, and whether its last frame has begun.
    private var passing: Passing?
    /// Of the frame whose payload is not complete.
    private var header: WebSocketFrameHeader?
    private var fragments: Fragments?
    /// Between messages at no character, as each text has to end with a whole one.
    private var text = UTF8Validator()
    /// Octets of the incomplete payload that were found to be text.
    private var checked = 0

    /// - Parameters:
    ///   - accepted: the kind of the serializer's messages; nil takes either.
    ///   - greatest: the longest message that is taken.
    init(accepted: WebSocketMessageKind?, greatest: Int) {
        self.accepted = accepted
        self.greatest = greatest
    }

    /// Whether a message or a frame is incomplete.
    var isWithinMessage: Bool { self.fragments != nil || self.header != nil || self.passing != nil }

    /// Takes the next frame out of the buffer; a message of one frame is a slice of it, nothing is copied.
    ///
    /// - Parameter buffer: what came and was not yet taken out.
    /// - Returns: nil if the frame is not complete.
    mutating func next(from buffer: inout ByteBuffer) throws(WebSocketViolation) -> Action? {
        if self.skipped > 0, !self.skip(&buffer) { return nil }
        let header: WebSocketFrameHeader
        if let begun = self.header {
            header = begun
        } else {
            guard let new = try WebSocketFrameHeader.next(from: &buffer) else { return nil }
            try self.begin(new)
            header = new
        }
        if !header.opcode.isControl, self.isTooLong(header) { return self.pass(header, &buffer) }
        guard let payload = buffer.readSlice(length: header.length) else {
            self.header = header
            try self.checkBeginning(buffer, header)
            return nil
        }
        self.header = nil
        switch header.opcode {
        case .text:
            return try self.received(payload, .text, isLast: header.isLast)
        case .binary:
            return try self.received(payload, .binary, isLast: header.isLast)
        case .continuation:
            return try self.continued(payload, isLast: header.isLast)
        case .close:
            return try Self.close(payload)
        case .ping:
            return .ping(payload)
        case .pong:
            return .pong
        }
    }

    private mutating func begin(_ header: WebSocketFrameHeader) throws(WebSocketViolation) {
        guard header.length <= Self.mostSkipped else {
            throw WebSocketViolation(
                closeCode: 1009, message: "sent a message of more than the \(self.greatest) octets that are taken")
        }
        switch header.opcode {
        case .text:
            try self.begin(.text)
        case .binary:
            try self.begin(.binary)
        case .continuation:
            guard self.fragments != nil || self.passing != nil else {
                throw WebSocketViolation(
                    closeCode: 1002, message: "continued a WebSocket message that it had not begun")
            }
        case .close, .ping, .pong:
            break
        }
    }

    private mutating func begin(_ kind: WebSocketMessageKind) throws(WebSocketViolation) {
        guard self.fragments == nil, self.passing == nil else {
            throw WebSocketViolation(closeCode: 1002, message: "began a WebSocket message within another")
        }
        guard kind == self.accepted ?? kind else {
            throw WebSocketViolation(
                closeCode: 1003, message: "sent a \(kind) message where the serializer has the other kind")
        }
    }

    private func isTooLong(_ header: WebSocketFrameHeader) -> Bool {
        self.passing != nil || header.length > self.greatest - (self.fragments?.octets.readableBytes ?? 0)
    }

    /// Begins to read past a message, or goes on: nothing of it is kept but the beginning.
    private mutating func pass(_ header: WebSocketFrameHeader, _ buffer: inout ByteBuffer) -> Action? {
        var action = Action.fragment
        if self.passing == nil {
            var beginning = ByteBuffer(bytes: (self.fragments?.octets.readableBytesView ?? []).prefix(Self.beginning))
            let missing = min(Self.beginning - beginning.readableBytes, header.length)
            guard let more = buffer.getSlice(at: buffer.readerIndex, length: missing) else {
                self.header = header
                return nil
            }
            beginning.writeImmutableBuffer(more)
            self.fragments = nil
            self.text = UTF8Validator()
            self.checked = 0
            action = .tooLong(beginning)
        }
        self.header = nil
        self.passing = Passing(isLast: header.isLast)
        self.skipped = header.length
        _ = self.skip(&buffer)
        return action
    }

    /// - Returns: whether the frame has been read past.
    private mutating func skip(_ buffer: inout ByteBuffer) -> Bool {
        let count = min(self.skipped, buffer.readableBytes)
        buffer.moveReaderIndex(forwardBy: count)
        self.skipped -= count
        guard self.skipped == 0 else { return false }
        if self.passing?.isLast == true { self.passing = nil }
        return true
    }

    /// Looks at as much of a text's payload as is there.
    private mutating func checkBeginning(
        _ buffer: ByteBuffer, _ header: WebSocketFrameHeader
    ) throws(WebSocketViolation) {
        let isText = header.opcode == .text || (header.opcode == .continuation && self.fragments?.kind == .text)
        guard isText else { return }
        guard self.accepts(buffer) else { throw Self.notUTF8 }
        self.checked = buffer.readableBytes
    }

    private mutating func accepts(_ buffer: ByteBuffer) -> Bool {
        buffer.withUnsafeReadableBytes {
            self.text.accept(UnsafeRawBufferPointer(rebasing: $0.dropFirst(self.checked)))
        }
    }

    private mutating func received(
        _ payload: ByteBuffer, _ kind: WebSocketMessageKind, isLast: Bool
    ) throws(WebSocketViolation) -> Action {
        guard isLast, self.checked == 0 else {
            try self.checkText(payload, kind, isLast: isLast)
            guard !isLast else { return .message(payload, kind) }
            self.fragments = Fragments(kind: kind, octets: payload)
            return .fragment
        }
        guard kind == .binary || payload.withUnsafeReadableBytes(UTF8Validator.isValid) else { throw Self.notUTF8 }
        return .message(payload, kind)
    }

    private mutating func continued(
        _ payload: ByteBuffer, isLast: Bool
    ) throws(WebSocketViolation) -> Action {
        // `begin` has seen that there is one. No second reference while appending, or each fragment would copy all before.
        guard var whole = self.fragments else { return .fragment }
        self.fragments = nil
        try self.checkText(payload, whole.kind, isLast: isLast)
        whole.octets.writeImmutableBuffer(payload)
        guard !isLast else { return .message(whole.octets, whole.kind) }
        self.fragments = whole
        return .fragment
    }

    private mutating func checkText(
        _ payload: ByteBuffer, _ kind: WebSocketMessageKind, isLast: Bool
    ) throws(WebSocketViolation) {
        guard kind == .text else { return }
        guard self.accepts(payload), !isLast || self.text.isComplete else { throw Self.notUTF8 }
        self.checked = 0
    }

    private static let notUTF8 = WebSocketViolation(
        closeCode: 1007, message: "sent a text message that is not UTF-8")

    private static func close(_ payload: ByteBuffer) throws(WebSocketViolation) -> Action {
        var payload = payload
        guard payload.readableBytes > 0 else {
            return .close(code: 1005, reason: "")
        }
        guard let code = payload.readInteger(as: UInt16.self) else {
            throw WebSocketViolation(closeCode: 1002, message: "sent a WebSocket close frame of one octet")
        }
        switch code {
        case 1000...1003, 1007...1014, 3000...4999:
            guard payload.withUnsafeReadableBytes(UTF8Validator.isValid) else {
                throw WebSocketViolation(
                    closeCode: 1007, message: "closed the WebSocket with a reason that is not UTF-8")
            }
            return .close(code: code, reason: String(buffer: payload))
        default:
            throw WebSocketViolation(
                closeCode: 1002, message: "closed the WebSocket with the illegal code \(code)")
        }
    }
}

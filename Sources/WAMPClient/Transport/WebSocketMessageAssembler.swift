import NIOCore
import WAMP

/// Makes messages from the frames that a router sends (RFC 6455 sections 5, 7.4 and 8.1; wamp-protocol section 9).
///
/// Sans I/O. Faults are found as early as possible: text that is not UTF-8 at the octet, even within an incomplete
/// frame. Messages that are too long are skipped.
struct WebSocketMessageAssembler {
    /// What a frame was.
    enum Action: Equatable {
        /// A fragment of a message; more follow.
        case fragment
        /// A message that exceeds the limit, which is skipped: its first octets.
        case tooLong(ByteBuffer)
        /// A whole message.
        case message(ByteBuffer, WebSocketMessageKind)
        /// A Ping, which a Pong with the same payload must answer, in order.
        case ping(ByteBuffer)
        /// The answer to a Ping.
        case pong
        /// The router closes the WebSocket; the code is 1005 if it gave none.
        case close(code: UInt16, reason: String)
    }

    private struct Passing {
        let isLast: Bool
    }

    private struct Fragments {
        let kind: WebSocketMessageKind
        var octets: ByteBuffer
    }

    /// How many octets are kept of a message that is too long.
    static let beginning = Serializer.octetsOfBeginning

    /// A frame that is longer than this is not even skipped.
    static let mostSkipped = 1 << 32

    private let accepted: WebSocketMessageKind?
    private let greatest: Int
    /// The octets of the frame that are still to be skipped.
    private var skipped = 0
    /// Set within a message that is skipped, with whether its last frame has begun.
    private var passing: Passing?
    /// The header of a frame whose payload is not complete.
    private var header: WebSocketFrameHeader?
    private var fragments: Fragments?
    /// Between characters whenever it is between messages, since each text must end with a whole character.
    private var text = UTF8Validator()
    /// The octets of the incomplete payload that were checked already.
    private var checked = 0

    /// - Parameters:
    ///   - accepted: the kind of the serializer's messages; nil accepts both.
    ///   - greatest: the longest message that we accept.
    init(accepted: WebSocketMessageKind?, greatest: Int) {
        self.accepted = accepted
        self.greatest = greatest
    }

    /// True if a message or a frame is incomplete.
    var isWithinMessage: Bool { self.fragments != nil || self.header != nil || self.passing != nil }

    /// Takes the next frame from the buffer; a message of one frame is a slice of it, nothing is copied.
    ///
    /// - Parameter buffer: what arrived and was not yet taken.
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
                closeCode: 1009, message: "sent a message longer than the limit of \(self.greatest) octets")
        }
        switch header.opcode {
        case .text:
            try self.begin(.text)
        case .binary:
            try self.begin(.binary)
        case .continuation:
            guard self.fragments != nil || self.passing != nil else {
                throw WebSocketViolation(
                    closeCode: 1002, message: "continued a WebSocket message that was not begun")
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

    /// Begins to skip a message, or continues: only its beginning is kept.
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

    /// - Returns: true if the frame has been skipped.
    private mutating func skip(_ buffer: inout ByteBuffer) -> Bool {
        let count = min(self.skipped, buffer.readableBytes)
        buffer.moveReaderIndex(forwardBy: count)
        self.skipped -= count
        guard self.skipped == 0 else { return false }
        if self.passing?.isLast == true { self.passing = nil }
        return true
    }

    /// Checks as much of a text's payload as has arrived.
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
        // `begin` has checked that there is one. No second reference while appending, or each fragment would copy all
        // before.
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

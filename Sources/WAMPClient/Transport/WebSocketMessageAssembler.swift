import NIOCore
import NIOWebSocket

/// Makes messages of the frames that a router sends, and checks what NIOWebSocket's decoder leaves to its user
/// (RFC 6455 sections 5 and 8.1; wamp-protocol section 9).
///
/// Sans I/O. Text that is not UTF-8 is found at the first fragment that shows it.
struct WebSocketMessageAssembler {
    /// What a frame was about.
    enum Action: Equatable {
        /// A part of something.
        case nothing
        /// A whole message.
        case message(ByteBuffer, WebSocketMessageKind)
        /// To be answered with a Pong of the same payload, in order.
        case ping(ByteBuffer)
        /// The answer to a Ping.
        case pong
        /// The router closes; the code is 1005 if it gave none.
        case close(code: UInt16, reason: String)
    }

    /// What is wrong with a frame, and the close code to say it with.
    struct Violation: Error, Equatable {
        /// 1002 protocol error, 1003 unacceptable data, 1007 not UTF-8, 1009 too large.
        let closeCode: UInt16
        /// Completes "the router ...".
        let message: String
    }

    private struct Fragments {
        let kind: WebSocketMessageKind
        var octets: ByteBuffer
    }

    private let accepted: WebSocketMessageKind?
    private let greatest: Int
    private var fragments: Fragments?
    private var text = UTF8Validator()

    /// - Parameters:
    ///   - accepted: the kind of the serializer's messages; nil takes either.
    ///   - greatest: the longest message that is taken.
    init(accepted: WebSocketMessageKind?, greatest: Int) {
        self.accepted = accepted
        self.greatest = greatest
    }

    /// Whether a fragmented message is incomplete.
    var isWithinMessage: Bool { self.fragments != nil }

    /// Takes a frame.
    mutating func received(_ frame: WebSocketFrame) throws(Violation) -> Action {
        guard frame.maskKey == nil else {
            throw Violation(closeCode: 1002, message: "sent a masked WebSocket frame")
        }
        guard frame.reservedBits.isEmpty else {
            throw Violation(closeCode: 1002, message: "sent a WebSocket frame with reserved bits")
        }
        switch frame.opcode {
        case .text:
            return try self.began(.text, frame)
        case .binary:
            return try self.began(.binary, frame)
        case .continuation:
            return try self.continued(frame)
        case .ping:
            return .ping(frame.data)
        case .pong:
            return .pong
        case .connectionClose:
            return try Self.close(frame.data)
        default:
            throw Violation(closeCode: 1002, message: "sent a WebSocket frame of an unknown kind")
        }
    }

    private mutating func began(
        _ kind: WebSocketMessageKind, _ frame: WebSocketFrame
    ) throws(Violation) -> Action {
        guard self.fragments == nil else {
            throw Violation(closeCode: 1002, message: "began a WebSocket message within another")
        }
        guard kind == self.accepted ?? kind else {
            throw Violation(
                closeCode: 1003, message: "sent a \(kind) message where the serializer has the other kind")
        }
        let octets = frame.data
        try self.checkLength(octets.readableBytes)
        guard !frame.fin else {
            guard kind == .binary || octets.withUnsafeReadableBytes(UTF8Validator.isValid) else { throw Self.notUTF8 }
            return .message(octets, kind)
        }
        self.text = UTF8Validator()
        try self.checkText(octets, kind, isLast: false)
        self.fragments = Fragments(kind: kind, octets: octets)
        return .nothing
    }

    private mutating func continued(_ frame: WebSocketFrame) throws(Violation) -> Action {
        guard var whole = self.fragments else {
            throw Violation(closeCode: 1002, message: "continued a WebSocket message that it had not begun")
        }
        // No second reference while appending, or each fragment would copy all before it.
        self.fragments = nil
        let octets = frame.data
        try self.checkLength(whole.octets.readableBytes + octets.readableBytes)
        try self.checkText(octets, whole.kind, isLast: frame.fin)
        whole.octets.writeImmutableBuffer(octets)
        guard !frame.fin else {
            return .message(whole.octets, whole.kind)
        }
        self.fragments = whole
        return .nothing
    }

    private func checkLength(_ length: Int) throws(Violation) {
        guard length <= self.greatest else {
            throw Violation(
                closeCode: 1009, message: "sent a message of more than the \(self.greatest) octets that are taken")
        }
    }

    private mutating func checkText(
        _ octets: ByteBuffer, _ kind: WebSocketMessageKind, isLast: Bool
    ) throws(Violation) {
        guard kind == .text else { return }
        guard octets.withUnsafeReadableBytes({ self.text.accept($0) }), !isLast || self.text.isComplete else {
            throw Self.notUTF8
        }
    }

    private static let notUTF8 = Violation(closeCode: 1007, message: "sent a text message that is not UTF-8")

    private static func close(_ data: ByteBuffer) throws(Violation) -> Action {
        var data = data
        guard data.readableBytes > 0 else {
            return .close(code: 1005, reason: "")
        }
        guard let code = data.readInteger(as: UInt16.self) else {
            throw Violation(closeCode: 1002, message: "sent a WebSocket close frame of one octet")
        }
        switch code {
        case 1000...1003, 1007...1014, 3000...4999:
            guard data.withUnsafeReadableBytes(UTF8Validator.isValid) else {
                throw Violation(closeCode: 1007, message: "closed the WebSocket with a reason that is not UTF-8")
            }
            return .close(code: code, reason: String(buffer: data))
        default:
            throw Violation(closeCode: 1002, message: "closed the WebSocket with the illegal code \(code)")
        }
    }
}

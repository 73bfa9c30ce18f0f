import NIOCore
import NIOWebSocket

/// Makes messages of the frames that a router sends, and checks what NIOWebSocket's decoder leaves to its user
/// (RFC 6455 section 5; wamp-protocol section 9).
///
/// Sans I/O. Text is not checked for UTF-8 here: the serializer does, in its one scan over the message.
struct WebSocketMessageAssembler {
    /// What a frame was about.
    enum Action: Equatable {
        /// A part of something.
        case nothing
        /// A whole WAMP message.
        case message(ByteBuffer)
        /// To be answered with a Pong of the same payload, in order.
        case ping(ByteBuffer)
        /// The answer to a Ping.
        case pong
        /// The router closes; the code is 1005 if it gave none.
        case close(code: UInt16, reason: String)
    }

    /// What is wrong with a frame, and the close code to say it with.
    struct Violation: Error, Equatable {
        /// 1002 protocol error, 1003 unacceptable data, 1009 too large.
        let closeCode: UInt16
        /// Completes "the router ...".
        let message: String
    }

    private let isText: Bool
    private let greatest: Int
    private var fragments: ByteBuffer?

    /// - Parameters:
    ///   - isText: whether the serializer's messages are text frames.
    ///   - greatest: the longest message that is taken.
    init(isText: Bool, greatest: Int) {
        self.isText = isText
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
        case .text, .binary:
            guard self.fragments == nil else {
                throw Violation(closeCode: 1002, message: "began a WebSocket message within another")
            }
            guard (frame.opcode == .text) == self.isText else {
                throw Violation(
                    closeCode: 1003,
                    message: "sent a \(self.isText ? "binary" : "text") message where the serializer has the other kind"
                )
            }
            try self.checkLength(frame.data.readableBytes)
            guard !frame.fin else {
                return .message(frame.data)
            }
            self.fragments = frame.data
            return .nothing
        case .continuation:
            guard var whole = self.fragments else {
                throw Violation(closeCode: 1002, message: "continued a WebSocket message that it had not begun")
            }
            // No second reference while appending, or each fragment would copy all before it.
            self.fragments = nil
            try self.checkLength(whole.readableBytes + frame.data.readableBytes)
            whole.writeImmutableBuffer(frame.data)
            guard !frame.fin else {
                return .message(whole)
            }
            self.fragments = whole
            return .nothing
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

    private func checkLength(_ length: Int) throws(Violation) {
        guard length <= self.greatest else {
            throw Violation(
                closeCode: 1009, message: "sent a message of more than the \(self.greatest) octets that are taken")
        }
    }

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
            return .close(code: code, reason: String(buffer: data))
        default:
            throw Violation(closeCode: 1002, message: "closed the WebSocket with the illegal code \(code)")
        }
    }
}

import NIOCore

/// The header of a WebSocket frame that a server sends (RFC 6455 section 5.2).
struct WebSocketFrameHeader: Equatable {
    /// The kinds of frames.
    enum Opcode: UInt8 {
        case continuation = 0x0
        case text = 0x1
        case binary = 0x2
        case close = 0x8
        case ping = 0x9
        case pong = 0xA

        /// Whether the frame may stand between the fragments of a message.
        var isControl: Bool { self.rawValue & 0x8 != 0 }
    }

    /// The kind of the payload.
    let opcode: Opcode
    /// True if no fragment follows.
    let isLast: Bool
    /// The number of octets in the payload; bounded only for control frames here.
    let length: Int

    /// Takes a header from the buffer, once it is complete.
    static func next(from buffer: inout ByteBuffer) throws(WebSocketViolation) -> WebSocketFrameHeader? {
        let start = buffer.readerIndex
        guard let octets = buffer.getInteger(at: start, as: UInt16.self) else { return nil }
        let first = UInt8(truncatingIfNeeded: octets >> 8)
        guard first & 0x70 == 0 else {
            throw WebSocketViolation(closeCode: 1002, message: "sent a WebSocket frame with reserved bits")
        }
        guard let opcode = Opcode(rawValue: first & 0x0F) else {
            throw WebSocketViolation(closeCode: 1002, message: "sent a WebSocket frame of an unknown kind")
        }
        guard octets & 0x80 == 0 else {
            throw WebSocketViolation(closeCode: 1002, message: "sent a masked WebSocket frame")
        }
        let isLast = first & 0x80 != 0
        let short = Int(octets & 0x7F)
        guard !opcode.isControl || (isLast && short <= 125) else {
            throw WebSocketViolation(
                closeCode: 1002, message: "sent a WebSocket control frame that is too long or fragmented")
        }
        let length: Int
        let size: Int
        switch short {
        case 126:
            guard let long = buffer.getInteger(at: start + 2, as: UInt16.self) else { return nil }
            guard long > 125 else { throw self.badLength }
            (length, size) = (Int(long), 4)
        case 127:
            guard let long = buffer.getInteger(at: start + 2, as: UInt64.self) else { return nil }
            guard long > 0xFFFF, let exact = Int(exactly: long) else { throw self.badLength }
            (length, size) = (exact, 10)
        default:
            (length, size) = (short, 2)
        }
        buffer.moveReaderIndex(forwardBy: size)
        return WebSocketFrameHeader(opcode: opcode, isLast: isLast, length: length)
    }

    /// Longer than necessary, or 2^63 octets and more.
    private static let badLength = WebSocketViolation(
        closeCode: 1002, message: "sent a WebSocket frame with an illegal length")
}

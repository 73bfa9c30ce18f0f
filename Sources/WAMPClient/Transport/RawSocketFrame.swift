import NIOCore

/// The frames of RawSocket (wamp-protocol section 8): one octet `RRRRXTTT`, a length of 24 bits, the payload.
enum RawSocketFrame: Equatable {
    /// A WAMP message.
    case message(ByteBuffer)
    /// A PING, which a PONG with the same payload must answer, in order.
    case ping(ByteBuffer)
    /// The answer to a PING.
    case pong(ByteBuffer)

    /// The meaning of the type bits.
    enum Kind: UInt8 {
        case message = 0
        case ping = 1
        case pong = 2
    }

    /// The number of octets before the payload.
    static let headerLength = 4

    /// The header of a frame to send; the length is at most `RawSocketHandshake.mostSent`.
    static func header(_ kind: Kind, length: Int) -> UInt32 {
        UInt32(kind.rawValue) << 24 | (UInt32(truncatingIfNeeded: length) & 0xFF_FFFF)
    }

    /// Takes the next frame from the buffer; its payload is a slice, nothing is copied.
    ///
    /// - Parameters:
    ///   - buffer: what arrived and was not yet taken.
    ///   - greatest: the longest payload that we announced.
    /// - Returns: nil if the frame is not complete.
    /// - Throws: `ConnectionFault` with code `protocolViolation`: reserved bits or types, or a payload that is too
    ///   long.
    static func next(from buffer: inout ByteBuffer, greatest: Int) throws(ConnectionFault) -> RawSocketFrame? {
        guard let header = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else {
            return nil
        }
        let first = UInt8(truncatingIfNeeded: header >> 24)
        guard first & 0xF0 == 0, let kind = Kind(rawValue: first & 0x07) else {
            throw ConnectionFault(.protocolViolation, "sent a frame that is not RawSocket (first octet \(first))")
        }
        let extended = first & 0x08 != 0
        let low = Int(header & 0xFF_FFFF)
        guard !extended || low == 0 else {
            throw ConnectionFault(.protocolViolation, "sent a RawSocket frame of more than 2^24 octets")
        }
        let length = extended ? 1 << 24 : low
        guard length <= greatest else {
            throw ConnectionFault(
                .protocolViolation, "sent a message of \(length) octets, more than the \(greatest) we said we take")
        }
        guard buffer.readableBytes - self.headerLength >= length else {
            return nil
        }
        buffer.moveReaderIndex(forwardBy: self.headerLength)
        guard let payload = buffer.readSlice(length: length) else {
            return nil
        }
        switch kind {
        case .message: return .message(payload)
        case .ping: return .ping(payload)
        case .pong: return .pong(payload)
        }
    }
}

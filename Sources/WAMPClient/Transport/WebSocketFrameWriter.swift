import NIOCore

/// Writes the frames that a WebSocket client sends (RFC 6455 section 5): never fragmented, always masked.
///
/// The frames of a loop turn go into one buffer, and masking is the copy.
enum WebSocketFrameWriter {
    /// Appends a frame.
    ///
    /// - Parameters:
    ///   - payload: at most 125 octets for close, ping and pong.
    ///   - mask: unpredictable, new for each frame (RFC 6455 section 5.3).
    static func write(
        _ opcode: WebSocketFrameHeader.Opcode, payload: ByteBuffer, mask: UInt32, to buffer: inout ByteBuffer
    ) {
        let length = payload.readableBytes
        buffer.reserveCapacity(minimumWritableBytes: length + 14)
        buffer.writeInteger(0x80 | opcode.rawValue)
        if length <= 125 {
            buffer.writeInteger(0x80 | UInt8(truncatingIfNeeded: length))
        } else if length <= 0xFFFF {
            buffer.writeInteger(0x80 | 126 as UInt8)
            buffer.writeInteger(UInt16(truncatingIfNeeded: length))
        } else {
            buffer.writeInteger(0x80 | 127 as UInt8)
            buffer.writeInteger(UInt64(length))
        }
        buffer.writeInteger(mask)
        let wide = (UInt64(mask) << 32 | UInt64(mask)).bigEndian
        payload.withUnsafeReadableBytes { source in
            _ = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
                var index = 0
                while length - index >= 8 {
                    let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                    target.storeBytes(of: word ^ wide, toByteOffset: index, as: UInt64.self)
                    index += 8
                }
                while index < length {
                    target[index] = source[index] ^ UInt8(truncatingIfNeeded: mask >> UInt32(24 - 8 * (index & 3)))
                    index += 1
                }
                return length
            }
        }
    }
}

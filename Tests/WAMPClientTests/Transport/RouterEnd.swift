import NIOCore

@testable import WAMP

/// The router's end of RawSocket and WebSocket framing, to test the client's end with.
enum RouterEnd {
    static func rawSocket(_ text: String, kind: UInt8 = 0) -> ByteBuffer {
        self.rawSocket(ByteBuffer(string: text), kind: kind)
    }

    static func rawSocket(_ payload: ByteBuffer, kind: UInt8 = 0) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt32(kind) << 24 | UInt32(payload.readableBytes))
        buffer.writeImmutableBuffer(payload)
        return buffer
    }

    /// A message, given as JSON text, in a serializer.
    static func message(_ text: String, _ serializer: SerializerID) -> ByteBuffer {
        var buffer = ByteBuffer()
        switch serializer {
        case .json: buffer.writeString(text)
        case .msgpack: MessagePackFormat.writeNext(options: text, into: &buffer)
        case .cbor: CBORFormat.writeNext(options: text, into: &buffer)
        }
        return buffer
    }

    /// Splits octets into RawSocket frames: the type octet and the payload.
    static func rawSocketFrames(_ buffer: ByteBuffer) -> [(kind: UInt8, text: String)] {
        var buffer = buffer
        var frames: [(UInt8, String)] = []
        while let header = buffer.readInteger(as: UInt32.self),
            let payload = buffer.readSlice(length: Int(header & 0xFF_FFFF))
        {
            frames.append((UInt8(header >> 24), String(buffer: payload)))
        }
        return frames
    }

    /// A server's frame: not masked, unless the test wants a violation.
    static func webSocket(_ payload: [UInt8], first: UInt8 = 0x81, masked: Bool = false) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(first)
        let bit: UInt8 = masked ? 0x80 : 0
        if payload.count <= 125 {
            buffer.writeInteger(bit | UInt8(payload.count))
        } else if payload.count <= 0xFFFF {
            buffer.writeInteger(bit | 126)
            buffer.writeInteger(UInt16(payload.count))
        } else {
            buffer.writeInteger(bit | 127)
            buffer.writeInteger(UInt64(payload.count))
        }
        if masked {
            buffer.writeInteger(UInt32(0))
        }
        buffer.writeBytes(payload)
        return buffer
    }

    static func webSocket(_ text: String, first: UInt8 = 0x81) -> ByteBuffer {
        self.webSocket(Array(text.utf8), first: first)
    }

    /// Splits octets into a client's frames: the first octet, whether it was masked, and the payload.
    static func webSocketFrames(_ buffer: ByteBuffer) -> [(first: UInt8, isMasked: Bool, payload: [UInt8])] {
        var buffer = buffer
        var frames: [(UInt8, Bool, [UInt8])] = []
        while let first = buffer.readInteger(as: UInt8.self), let second = buffer.readInteger(as: UInt8.self) {
            var length = Int(second & 0x7F)
            if length == 126 {
                length = buffer.readInteger(as: UInt16.self).map { Int($0) } ?? 0
            } else if length == 127 {
                length = buffer.readInteger(as: UInt64.self).map { Int($0) } ?? 0
            }
            let isMasked = second & 0x80 != 0
            let mask = isMasked ? buffer.readBytes(length: 4) ?? [] : [0, 0, 0, 0]
            let payload = buffer.readBytes(length: length) ?? []
            frames.append((first, isMasked, payload.enumerated().map { $1 ^ mask[$0 % 4] }))
        }
        return frames
    }
}

internal import NIOCore

/// JSON text (RFC 8259). Payloads are JSON text already, so they are written unchanged.
enum JSONFormat: MessageFormat {
    static func begin(_ kind: MessageKind, elements: Int, into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: "["))
        JSON.write(integer: Int64(kind.rawValue), into: &buffer)
    }

    static func writeNext(_ integer: Int64, into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: ","))
        JSON.write(integer: integer, into: &buffer)
    }

    static func writeNext(_ string: String, into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: ","))
        JSON.write(string: string, into: &buffer)
    }

    static func writeNext(text: ByteBuffer, into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: ","))
        buffer.writeImmutableBuffer(text)
    }

    static func writeNext(options text: String, into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: ","))
        buffer.writeString(text)
    }

    static func end(_ buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: "]"))
    }

    /// Writes a YIELD in one step: the hot path.
    static func encode(_ yield: Yield, into buffer: inout ByteBuffer) {
        // The envelope alone has less than 64 octets.
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 64 + yield.payload.byteCount) { target in
            var writer = OctetWriter(target)
            writer.write("[70,")
            writer.write(yield.request.rawValue)
            writer.write(yield.isProgress ? ",{\"progress\":true}" : ",{}")
            if let arguments = yield.payload.sentArguments {
                writer.write(UInt8(ascii: ","))
                writer.write(arguments)
            } else if yield.payload.sentKeywordArguments != nil {
                writer.write(",[]")
            }
            if let keywordArguments = yield.payload.sentKeywordArguments {
                writer.write(UInt8(ascii: ","))
                writer.write(keywordArguments)
            }
            writer.write(UInt8(ascii: "]"))
            return writer.count
        }
    }
}

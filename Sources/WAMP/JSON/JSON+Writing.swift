package import NIOCore

extension JSON {
    /// Writes a string with its quotes, escaped as little as JSON allows.
    package static func write(string: String, into buffer: inout ByteBuffer) {
        var string = string
        buffer.writeInteger(UInt8(ascii: "\""))
        string.withUTF8 { characters in
            var copied = 0
            for index in characters.indices {
                let byte = characters[index]
                guard JSONEscape.isNeeded(by: byte) else { continue }
                buffer.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(characters)[copied..<index]))
                JSONEscape(byte).withBytes { buffer.writeBytes($0) }
                copied = index + 1
            }
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(characters)[copied...]))
        }
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    /// Writes a tree; keys are sorted, so that equal values have equal texts. Numbers that are not finite become null.
    package static func write(_ value: Value, into buffer: inout ByteBuffer) {
        switch value {
        case .null: buffer.writeStaticString("null")
        case .bool(true): buffer.writeStaticString("true")
        case .bool(false): buffer.writeStaticString("false")
        case .integer(let integer): self.write(integer: integer, into: &buffer)
        case .double(let double):
            if double.isFinite {
                buffer.writeString(double.description)
            } else {
                buffer.writeStaticString("null")
            }
        case .string(let string): self.write(string: string, into: &buffer)
        case .binary(let bytes): self.write(binary: bytes, into: &buffer)
        case .list(let list):
            buffer.writeInteger(UInt8(ascii: "["))
            for (index, element) in list.enumerated() {
                if index > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
                self.write(element, into: &buffer)
            }
            buffer.writeInteger(UInt8(ascii: "]"))
        case .dictionary(let dictionary):
            buffer.writeInteger(UInt8(ascii: "{"))
            var isFirst = true
            for (key, member) in dictionary.sorted(by: { $0.key < $1.key }) {
                if !isFirst { buffer.writeInteger(UInt8(ascii: ",")) }
                isFirst = false
                self.write(string: key, into: &buffer)
                buffer.writeInteger(UInt8(ascii: ":"))
                self.write(member, into: &buffer)
            }
            buffer.writeInteger(UInt8(ascii: "}"))
        }
    }

    /// The text of a tree.
    package static func text(of value: Value) -> String {
        var buffer = ByteBuffer()
        self.write(value, into: &buffer)
        return String(buffer: buffer)
    }

    /// Writes an integer in decimal; allocates nothing.
    package static func write(integer: Int64, into buffer: inout ByteBuffer) {
        // The most digits are 20, with the sign.
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 24) { target in
            var writer = OctetWriter(target)
            writer.write(integer)
            return writer.count
        }
    }
}

import NIOCore
import SidecarConfiguration
import WAMP

extension JSON {
    /// Writes a value of the file.
    static func write(_ value: PayloadValue, into buffer: inout ByteBuffer) {
        switch value {
        case .null: buffer.writeStaticString("null")
        case .bool(let bool): buffer.writeStaticString(bool ? "true" : "false")
        case .number(let text): buffer.writeString(text)
        case .string(let text): self.write(string: text, into: &buffer)
        case .list(let values): self.write(values, into: &buffer)
        case .object(let members): self.write(members, into: &buffer)
        }
    }

    /// Writes values as an array.
    static func write(_ values: [PayloadValue], into buffer: inout ByteBuffer) {
        buffer.writeStaticString("[")
        for (index, value) in values.enumerated() {
            if index > 0 { buffer.writeStaticString(",") }
            self.write(value, into: &buffer)
        }
        buffer.writeStaticString("]")
    }

    /// Writes members as an object.
    static func write(_ members: [(key: String, value: PayloadValue)], into buffer: inout ByteBuffer) {
        buffer.writeStaticString("{")
        for (index, member) in members.enumerated() {
            if index > 0 { buffer.writeStaticString(",") }
            self.write(string: member.key, into: &buffer)
            buffer.writeStaticString(":")
            self.write(member.value, into: &buffer)
        }
        buffer.writeStaticString("}")
    }
}

/// Reads MessagePack: <https://github.com/msgpack/msgpack/blob/master/spec.md>.
///
/// Binary and extension types become WAMP binary (an extension's type is lost), timestamps text.
struct MessagePackReader: BinaryReader {
    private(set) var octets: OctetReader

    init(_ octets: UnsafeRawBufferPointer) {
        self.octets = OctetReader(octets)
    }

    /// MessagePack has no indefinite lengths.
    @inline(__always)
    mutating func takeBreak() -> Bool { false }

    @inline(__always)
    mutating func next(_ text: inout JSONTextWriter) throws(FormatError) -> BinaryItem {
        let first = try self.octets.octet()
        switch first {
        case 0x00...0x7F:
            text.write(unsigned: UInt64(first))
            return .number
        case 0x80...0x8F:
            return .dictionary(try self.octets.checked(UInt64(first & 0x0F), octetsEach: 2))
        case 0x90...0x9F:
            return .list(try self.octets.checked(UInt64(first & 0x0F)))
        case 0xA0...0xBF:
            text.write(text: try self.octets.slice(UInt64(first & 0x1F)))
            return .text
        case 0xE0...0xFF:
            text.write(signed: Int64(Int8(bitPattern: first)))
            return .number
        default:
            return try self.wide(first, &text)
        }
    }

    /// A value that begins with an octet from C0 to DF.
    private mutating func wide(_ first: UInt8, _ text: inout JSONTextWriter) throws(FormatError) -> BinaryItem {
        switch first {
        case 0xC0:
            text.write("null")
            return .null
        case 0xC2:
            text.write("false")
            return .bool
        case 0xC3:
            text.write("true")
            return .bool
        case 0xC4...0xC6:
            text.write(binary: try self.octets.slice(try self.length(first &- 0xC4)))
            return .otherString
        case 0xC7...0xC9:
            let length = try self.length(first &- 0xC7)
            return try self.ext(length, &text)
        case 0xCA:
            text.write(double: Double(Float(bitPattern: try self.octets.integer(UInt32.self))))
        case 0xCB:
            text.write(double: Double(bitPattern: try self.octets.integer(UInt64.self)))
        case 0xCC: text.write(unsigned: UInt64(try self.octets.octet()))
        case 0xCD: text.write(unsigned: UInt64(try self.octets.integer(UInt16.self)))
        case 0xCE: text.write(unsigned: UInt64(try self.octets.integer(UInt32.self)))
        case 0xCF: text.write(unsigned: try self.octets.integer(UInt64.self))
        case 0xD0: text.write(signed: Int64(try self.octets.integer(Int8.self)))
        case 0xD1: text.write(signed: Int64(try self.octets.integer(Int16.self)))
        case 0xD2: text.write(signed: Int64(try self.octets.integer(Int32.self)))
        case 0xD3: text.write(signed: try self.octets.integer(Int64.self))
        case 0xD4...0xD8:
            return try self.ext(1 << UInt64(first &- 0xD4), &text)
        case 0xD9...0xDB:
            text.write(text: try self.octets.slice(try self.length(first &- 0xD9)))
            return .text
        case 0xDC, 0xDD:
            return .list(try self.octets.checked(try self.length(first &- 0xDB)))
        case 0xDE, 0xDF:
            return .dictionary(try self.octets.checked(try self.length(first &- 0xDD), octetsEach: 2))
        default:
            // Only C1 is left.
            throw FormatError(.reservedOctet, at: self.octets.index &- 1)
        }
        return .number
    }

    /// A length of one, two or four octets.
    private mutating func length(_ width: UInt8) throws(FormatError) -> UInt64 {
        switch width {
        case 0: UInt64(try self.octets.octet())
        case 1: UInt64(try self.octets.integer(UInt16.self))
        default: UInt64(try self.octets.integer(UInt32.self))
        }
    }

    /// An extension type: its number, then its data.
    private mutating func ext(_ length: UInt64, _ text: inout JSONTextWriter) throws(FormatError) -> BinaryItem {
        let type = try self.octets.integer(Int8.self)
        let data = try self.octets.slice(length)
        if type == MessagePackTimestamp.type, let timestamp = MessagePackTimestamp(data) {
            timestamp.write(to: &text)
        } else {
            text.write(binary: data)
        }
        return .otherString
    }
}

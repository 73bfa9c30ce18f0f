/// CBOR (RFC 8949): each value in the shortest form, all lengths definite, no tags.
enum CBORFormat: BinaryFormat {
    /// The highest three bits of an initial octet.
    private enum MajorType: UInt8 {
        case natural = 0x00
        case negative = 0x20
        case bytes = 0x40
        case text = 0x60
        case list = 0x80
        case dictionary = 0xA0
    }

    static var null: UInt8 { 0xF6 }
    static var `false`: UInt8 { 0xF4 }

    @inline(__always)
    static func write(_ number: JSONNumber, to writer: inout OctetWriter) {
        switch number {
        case .natural(let integer): self.write(.natural, integer, to: &writer)
        case .negative(let n): self.write(.negative, n, to: &writer)
        case .double(let double):
            writer.write(UInt8(0xFB))
            writer.write(bigEndian: double.bitPattern)
        }
    }

    @inline(__always)
    static func writeTextHead(_ count: Int, to writer: inout OctetWriter) {
        self.write(.text, UInt64(truncatingIfNeeded: count), to: &writer)
    }

    static func writeBinaryHead(_ count: Int, to writer: inout OctetWriter) {
        self.write(.bytes, UInt64(truncatingIfNeeded: count), to: &writer)
    }

    @inline(__always)
    static func headWidth(_ count: Int) -> Int {
        switch count {
        case ..<24: 1
        case ..<0x100: 2
        case ..<0x1_0000: 3
        default: 5
        }
    }

    @inline(__always)
    static func writeHead(isDictionary: Bool, _ count: Int, to writer: inout OctetWriter) {
        self.write(isDictionary ? .dictionary : .list, UInt64(truncatingIfNeeded: count), to: &writer)
    }

    @inline(__always)
    private static func write(_ type: MajorType, _ argument: UInt64, to writer: inout OctetWriter) {
        let type = type.rawValue
        switch argument {
        case ..<24:
            writer.write(type | UInt8(truncatingIfNeeded: argument))
        case ..<0x100:
            writer.write(type | 24)
            writer.write(UInt8(truncatingIfNeeded: argument))
        case ..<0x1_0000:
            writer.write(type | 25)
            writer.write(bigEndian: UInt16(truncatingIfNeeded: argument))
        case ..<0x1_0000_0000:
            writer.write(type | 26)
            writer.write(bigEndian: UInt32(truncatingIfNeeded: argument))
        default:
            writer.write(type | 27)
            writer.write(bigEndian: argument)
        }
    }
}

/// MessagePack, each value in the shortest form.
enum MessagePackFormat: BinaryFormat {
    static var null: UInt8 { 0xC0 }
    static var `false`: UInt8 { 0xC2 }

    @inline(__always)
    static func write(_ number: JSONNumber, to writer: inout OctetWriter) {
        switch number {
        case .natural(let integer):
            switch integer {
            case ..<0x80: writer.write(UInt8(truncatingIfNeeded: integer))
            case ..<0x100: self.write(0xCC, UInt8(truncatingIfNeeded: integer), to: &writer)
            case ..<0x1_0000: self.write(0xCD, UInt16(truncatingIfNeeded: integer), to: &writer)
            case ..<0x1_0000_0000: self.write(0xCE, UInt32(truncatingIfNeeded: integer), to: &writer)
            default: self.write(0xCF, integer, to: &writer)
            }
        case .negative(let n):
            // The two's complement of -1 - n is n with all bits inverted.
            switch n {
            case ..<0x20: writer.write(~UInt8(truncatingIfNeeded: n))
            case ..<0x80: self.write(0xD0, ~UInt8(truncatingIfNeeded: n), to: &writer)
            case ..<0x8000: self.write(0xD1, ~UInt16(truncatingIfNeeded: n), to: &writer)
            case ..<0x8000_0000: self.write(0xD2, ~UInt32(truncatingIfNeeded: n), to: &writer)
            case ..<0x8000_0000_0000_0000: self.write(0xD3, ~n, to: &writer)
            default: self.write(.double(-1 - Double(n)), to: &writer)
            }
        case .double(let double):
            self.write(0xCB, double.bitPattern, to: &writer)
        }
    }

    @inline(__always)
    static func writeTextHead(_ count: Int, to writer: inout OctetWriter) {
        if count < 32 {
            writer.write(0xA0 | UInt8(truncatingIfNeeded: count))
        } else {
            self.write(0xD9, length: count, to: &writer)
        }
    }

    static func writeBinaryHead(_ count: Int, to writer: inout OctetWriter) {
        self.write(0xC4, length: count, to: &writer)
    }

    @inline(__always)
    static func headWidth(_ count: Int) -> Int {
        switch count {
        case ..<16: 1
        case ..<0x1_0000: 3
        default: 5
        }
    }

    @inline(__always)
    static func writeHead(isDictionary: Bool, _ count: Int, to writer: inout OctetWriter) {
        switch count {
        case ..<16:
            writer.write((isDictionary ? 0x80 : 0x90) | UInt8(truncatingIfNeeded: count))
        case ..<0x1_0000:
            self.write(isDictionary ? 0xDE : 0xDC, UInt16(truncatingIfNeeded: count), to: &writer)
        default:
            self.write(isDictionary ? 0xDF : 0xDD, UInt32(truncatingIfNeeded: count), to: &writer)
        }
    }

    /// Writes a length of one, two or four octets.
    ///
    /// - Parameter first: the octet for the first of the three.
    private static func write(_ first: UInt8, length: Int, to writer: inout OctetWriter) {
        switch length {
        case ..<0x100: self.write(first, UInt8(truncatingIfNeeded: length), to: &writer)
        case ..<0x1_0000: self.write(first &+ 1, UInt16(truncatingIfNeeded: length), to: &writer)
        default: self.write(first &+ 2, UInt32(truncatingIfNeeded: length), to: &writer)
        }
    }

    @inline(__always)
    private static func write(
        _ first: UInt8, _ integer: some FixedWidthInteger & BitwiseCopyable, to writer: inout OctetWriter
    ) {
        writer.write(first)
        writer.write(bigEndian: integer)
    }
}

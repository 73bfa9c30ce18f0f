/// Reads CBOR (RFC 8949).
///
/// Byte strings become WAMP binary, bignums integers, simple values without a meaning null. All other tags are ignored,
/// and their content is read as if untagged.
struct CBORReader: BinaryReader {
    private(set) var octets: OctetReader

    private static let breakOctet: UInt8 = 0xFF
    private static let positiveBignum: UInt64 = 2
    private static let negativeBignum: UInt64 = 3
    /// An initial octet's low bits for an indefinite length.
    private static let indefinite: UInt8 = 31

    init(_ octets: UnsafeRawBufferPointer) {
        self.octets = OctetReader(octets)
    }

    @inline(__always)
    mutating func takeBreak() -> Bool {
        guard self.octets.next == Self.breakOctet else { return false }
        // It is there, so nothing is thrown.
        _ = try? self.octets.octet()
        return true
    }

    @inline(__always)
    mutating func next(_ text: inout JSONTextWriter) throws(FormatError) -> BinaryItem {
        var tag: UInt64?
        while true {
            let initial = try self.octets.octet()
            let information = initial & 31
            if initial >= 0xE0 { return try self.simple(information, &text) }
            if information == Self.indefinite { return try self.indefinite(initial, tag, &text) }
            let argument = try self.argument(information)
            switch initial >> 5 {
            case 0:
                text.write(unsigned: argument)
                return .number
            case 1:
                self.writeNegative(argument, &text)
                return .number
            case 2:
                return self.write(try self.octets.slice(argument), tag, &text)
            case 3:
                text.write(text: try self.octets.slice(argument))
                return .text
            case 4:
                return .list(try self.octets.checked(argument))
            case 5:
                return .dictionary(try self.octets.checked(argument, octetsEach: 2))
            default:
                tag = argument
            }
        }
    }

    /// The number in an initial octet's low bits, or in the octets behind it.
    @inline(__always)
    private mutating func argument(_ information: UInt8) throws(FormatError) -> UInt64 {
        if information < 24 { return UInt64(information) }
        switch information {
        case 24: return UInt64(try self.octets.octet())
        case 25: return UInt64(try self.octets.integer(UInt16.self))
        case 26: return UInt64(try self.octets.integer(UInt32.self))
        case 27: return try self.octets.integer(UInt64.self)
        default: throw FormatError(.reservedOctet, at: self.octets.index &- 1)
        }
    }

    /// Simple values and floating-point numbers.
    private mutating func simple(_ information: UInt8, _ text: inout JSONTextWriter) throws(FormatError) -> BinaryItem {
        switch information {
        case 20:
            text.write("false")
            return .bool
        case 21:
            text.write("true")
            return .bool
        case 24:
            // Simple values below 32 fit into the initial octet, and must not be written with two.
            guard try self.octets.octet() >= 32 else {
                throw FormatError(.reservedOctet, at: self.octets.index &- 1)
            }
            text.write("null")
            return .null
        case 25:
            // Half precision; both wider types hold all of its values.
            text.write(double: Double(Self.single(try self.octets.integer(UInt16.self))))
            return .number
        case 26:
            text.write(double: Double(Float(bitPattern: try self.octets.integer(UInt32.self))))
            return .number
        case 27:
            text.write(double: Double(bitPattern: try self.octets.integer(UInt64.self)))
            return .number
        case 28...30:
            throw FormatError(.reservedOctet, at: self.octets.index &- 1)
        case Self.indefinite:
            throw FormatError(.misplacedBreak, at: self.octets.index &- 1)
        default:
            // Null, undefined, and simple values without a meaning.
            text.write("null")
            return .null
        }
    }

    /// A number of half precision in single precision.
    private static func single(_ half: UInt16) -> Float {
        let sign: Float = half & 0x8000 == 0 ? 1 : -1
        let exponent = Int(half >> 10) & 31
        let fraction = Float(half & 0x3FF)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * Float(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
        }
    }

    private mutating func indefinite(
        _ initial: UInt8, _ tag: UInt64?, _ text: inout JSONTextWriter
    ) throws(FormatError) -> BinaryItem {
        switch initial >> 5 {
        case 2:
            var whole: [UInt8] = []
            while !self.takeBreak() { whole.append(contentsOf: try self.chunk(of: initial)) }
            return whole.withUnsafeBytes { self.write($0, tag, &text) }
        case 3:
            text.write(UInt8(ascii: "\""))
            while !self.takeBreak() { text.write(part: try self.chunk(of: initial)) }
            text.write(UInt8(ascii: "\""))
            return .text
        case 4: return .indefiniteList
        case 5: return .indefiniteDictionary
        default: throw FormatError(.reservedOctet, at: self.octets.index &- 1)
        }
    }

    /// A piece of a string of indefinite length: a string of the same kind with a definite length.
    private mutating func chunk(of whole: UInt8) throws(FormatError) -> UnsafeRawBufferPointer {
        let initial = try self.octets.octet()
        guard initial >> 5 == whole >> 5, initial != whole else {
            throw FormatError(.wrongChunk, at: self.octets.index &- 1)
        }
        return try self.octets.slice(try self.argument(initial & 31))
    }

    private func write(
        _ octets: UnsafeRawBufferPointer, _ tag: UInt64?, _ text: inout JSONTextWriter
    ) -> BinaryItem {
        guard tag == Self.positiveBignum || tag == Self.negativeBignum else {
            text.write(binary: octets)
            return .otherString
        }
        if octets.count <= 8 {
            let integer = octets.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            if tag == Self.negativeBignum {
                self.writeNegative(integer, &text)
            } else {
                text.write(unsigned: integer)
            }
        } else if let integer = Bignum(octets) {
            integer.write(isNegative: tag == Self.negativeBignum, to: &text)
        } else {
            text.fault(.tooLarge)
        }
        return .number
    }

    /// Writes -1 - n.
    private func writeNegative(_ n: UInt64, _ text: inout JSONTextWriter) {
        let (magnitude, overflow) = n.addingReportingOverflow(1)
        guard !overflow else { return text.write("-18446744073709551616") }
        text.write(UInt8(ascii: "-"))
        text.write(unsigned: magnitude)
    }
}

/// How a string of JSON writes an octet that it can't hold unescaped.
struct JSONEscape {
    /// The escape's octets, the first in the lowest place.
    let octets: UInt64

    /// The number of octets: two or six.
    let count: Int

    /// The shortest escape of an octet.
    init(_ octet: UInt8) {
        let letter: UInt8? =
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): octet
            case 0x08: UInt8(ascii: "b")
            case 0x09: UInt8(ascii: "t")
            case 0x0A: UInt8(ascii: "n")
            case 0x0C: UInt8(ascii: "f")
            case 0x0D: UInt8(ascii: "r")
            default: nil
            }
        if let letter {
            self.octets = UInt64(UInt8(ascii: "\\")) | UInt64(letter) &<< 8
            self.count = 2
        } else {
            // \u00 and two digits.
            self.octets = 0x3030_755C | Self.digit(octet &>> 4) &<< 32 | Self.digit(octet & 15) &<< 40
            self.count = 6
        }
    }

    /// True if an octet must be escaped.
    static func isNeeded(by octet: UInt8) -> Bool {
        octet < 0x20 || octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\")
    }

    private static func digit(_ value: UInt8) -> UInt64 {
        UInt64(value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ value &- 10)
    }

    /// Hands over the octets.
    @inline(__always)
    func withBytes(_ take: (UnsafeRawBufferPointer) -> Void) {
        withUnsafeBytes(of: self.octets.littleEndian) { take(UnsafeRawBufferPointer(rebasing: $0.prefix(self.count))) }
    }
}

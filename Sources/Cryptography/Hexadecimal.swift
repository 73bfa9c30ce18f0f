/// Octets as pairs of hexadecimal digits.
package enum Hexadecimal {
    /// Two lower case digits for each octet.
    package static func encode(_ bytes: [UInt8]) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            digits.append(self.digit(byte >> 4))
            digits.append(self.digit(byte & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// The octets of digits of either case; nil if there is anything else, or an odd number of them.
    package static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = self.value(digits[index]), let low = self.value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// The octets of a secret's digits, as above.
    package static func decode(_ text: SecretBytes) -> SecretBytes? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var isValid = true
        let secret = unsafe SecretBytes(capacity: text.count / 2) { bytes in
            unsafe text.withUnsafeBytes { text in
                for index in 0..<(text.count / 2) {
                    guard let high = unsafe self.value(text[2 * index]),
                        let low = unsafe self.value(text[2 * index + 1])
                    else {
                        isValid = false
                        return
                    }
                    unsafe bytes[index] = high << 4 | low
                }
            }
            return text.count / 2
        }
        return isValid ? secret : nil
    }

    /// Whether an octet is a digit, of either case.
    package static func isDigit(_ byte: UInt8) -> Bool { self.value(byte) != nil }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

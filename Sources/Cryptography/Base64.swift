/// Base64 with the standard alphabet and padding (RFC 4648 section 4).
package enum Base64 {
    /// The text, in ASCII.
    package static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(self.length(of: bytes.count))
        self.encode(bytes) { text.append($0) }
        return text
    }

    /// The text of a secret, which is a secret as well. Some formats have no padding.
    package static func encode(_ secret: SecretBytes, isPadded: Bool = true) -> SecretBytes {
        unsafe SecretBytes(capacity: self.length(of: secret.count)) { text in
            var count = 0
            unsafe secret.withUnsafeBytes { secret in
                unsafe self.encode(secret) { character in
                    guard isPadded || character != UInt8(ascii: "=") else { return }
                    unsafe text[count] = character
                    count += 1
                }
            }
            return count
        }
    }

    /// The octets of a text; nil if it is not base64, or if its padding is missing.
    package static func decode(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        return self.decode(text) { bytes.append($0) } ? bytes : nil
    }

    /// The octets of a secret text, ignoring line ends and blanks; nil as above.
    package static func decode(_ text: SecretBytes) -> SecretBytes? {
        var isValid = false
        let secret = unsafe SecretBytes(capacity: text.count) { bytes in
            var count = 0
            unsafe text.withUnsafeBytes { text in
                let blanks: [UInt8] = [0x20, 0x09, 0x0D, 0x0A]
                isValid = unsafe self.decode(text.lazy.filter { !blanks.contains($0) }) { byte in
                    unsafe bytes[count] = byte
                    count += 1
                }
            }
            return count
        }
        return isValid ? secret : nil
    }

    private static func length(of count: Int) -> Int { (count + 2) / 3 * 4 }

    private static func encode<Bytes: RandomAccessCollection<UInt8>>(
        _ bytes: Bytes, _ emit: (UInt8) -> Void
    ) where Bytes.Index == Int {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let count = min(3, bytes.endIndex - index)
            var group: UInt32 = 0
            for offset in 0..<3 {
                group = group << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0)
            }
            for place in 0..<4 {
                let value = UInt8(truncatingIfNeeded: group >> UInt32(18 - 6 * place)) & 63
                emit(place <= count ? self.character(value) : UInt8(ascii: "="))
            }
            index += 3
        }
    }

    private static func decode(_ text: some BidirectionalCollection<UInt8>, _ emit: (UInt8) -> Void) -> Bool {
        guard text.count.isMultiple(of: 4) else { return false }
        let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        var group: UInt32 = 0
        var bits: UInt32 = 0
        for character in text.dropLast(padding) {
            guard let value = self.value(character) else { return false }
            group = (group << 6 | UInt32(value)) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                emit(UInt8(truncatingIfNeeded: group >> bits))
            }
        }
        return true
    }

    private static func character(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + (value - 26)
        case 52..<62: UInt8(ascii: "0") + (value - 52)
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

/// An integer of any size up to a limit, in CBOR's tags 2 and 3 (RFC 8949 section 3.4.3).
struct Bignum {
    /// 1024 bits, like the largest doubles. The time for decimal digits grows with the square of the size.
    static let mostOctets = 128

    /// 32 bits each, the lowest first.
    private var words: [UInt32] = []

    /// Takes the octets of a number that is not negative, the highest first; nil if too many of them are significant.
    init?(_ octets: UnsafeRawBufferPointer) {
        let significant = octets.drop(while: { $0 == 0 })
        guard significant.count <= Self.mostOctets else { return nil }
        var word: UInt32 = 0
        var bits: UInt32 = 0
        for octet in significant.reversed() {
            word |= UInt32(octet) << bits
            bits += 8
            if bits == 32 {
                self.words.append(word)
                word = 0
                bits = 0
            }
        }
        if word > 0 { self.words.append(word) }
    }

    /// Writes it, or -1 minus it, in decimal.
    func write(isNegative: Bool, to text: inout JSONTextWriter) {
        var words = self.words
        if isNegative {
            text.write(UInt8(ascii: "-"))
            Self.addOne(&words)
        }
        // Nine digits each, the lowest first.
        var groups: [UInt32] = []
        while !words.isEmpty {
            var remainder: UInt64 = 0
            for index in words.indices.reversed() {
                let value = remainder << 32 | UInt64(words[index])
                words[index] = UInt32(truncatingIfNeeded: value / 1_000_000_000)
                remainder = value % 1_000_000_000
            }
            groups.append(UInt32(truncatingIfNeeded: remainder))
            while words.last == 0 { words.removeLast() }
        }
        text.write(unsigned: UInt64(groups.popLast() ?? 0))
        for group in groups.reversed() {
            var power: UInt32 = 100_000_000
            while power > 0 {
                text.write(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: group / power % 10))
                power /= 10
            }
        }
    }

    private static func addOne(_ words: inout [UInt32]) {
        for index in words.indices {
            let (sum, overflow) = words[index].addingReportingOverflow(1)
            words[index] = sum
            if !overflow { return }
        }
        words.append(1)
    }
}

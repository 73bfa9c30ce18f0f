import NIOCore

/// Whole numbers that are written as if they were none: `3.0`, `1.764379200000e12`. JavaScript has but one type of number, and what it sends
/// through MessagePack or CBOR often comes as floating point. PostgreSQL takes no such text for an integer.
enum WholeNumber {
    /// As many digits as any integer may have, and far fewer than an exponent can ask for.
    private static let mostDigits = 40

    /// The integer that a number of checked JSON text is; nil if it is none, or is written as one already.
    static func integer(_ number: UnsafeRawBufferPointer) -> [UInt8]? {
        var digits: [UInt8] = []
        var point: Int?
        var index = 0
        let isNegative = number.first == UInt8(ascii: "-")
        if isNegative { index = 1 }
        while index < number.count, digits.count <= Self.mostDigits {
            let byte = number[index]
            if byte == UInt8(ascii: ".") {
                point = digits.count
            } else if self.isDigit(byte) {
                digits.append(byte)
            } else {
                break
            }
            index += 1
        }
        var exponent = 0
        if index < number.count {
            guard number[index] | 0x20 == UInt8(ascii: "e") else { return nil }
            guard let value = self.exponent(number[(index + 1)...]) else { return nil }
            exponent = value
        } else if point == nil {
            return nil
        }
        let end = (point ?? digits.count) + exponent
        guard end <= Self.mostDigits else { return nil }
        let zero = UInt8(ascii: "0")
        guard digits.dropFirst(max(end, 0)).allSatisfy({ $0 == zero }) else { return nil }
        var result = Array(digits.prefix(max(end, 0)))
        result += Array(repeating: zero, count: max(end - result.count, 0))
        result = Array(result.drop { $0 == zero })
        guard !result.isEmpty else { return [zero] }
        return isNegative ? [UInt8(ascii: "-")] + result : result
    }

    /// Writes checked JSON text with each whole number as an integer.
    static func write(_ text: ByteBuffer, into buffer: inout ByteBuffer) {
        text.withUnsafeReadableBytes { source in
            var written = 0
            var index = 0
            while index < source.count {
                let byte = source[index]
                if byte == UInt8(ascii: "\"") {
                    index = self.end(ofString: source, at: index)
                } else if byte == UInt8(ascii: "-") || self.isDigit(byte) {
                    var end = index + 1
                    while end < source.count, self.continuesNumber(source[end]) { end += 1 }
                    if let integer = self.integer(UnsafeRawBufferPointer(rebasing: source[index..<end])) {
                        buffer.writeBytes(source[written..<index])
                        buffer.writeBytes(integer)
                        written = end
                    }
                    index = end
                } else {
                    index += 1
                }
            }
            buffer.writeBytes(source[written...])
        }
    }

    /// Behind the closing quote.
    private static func end(ofString text: UnsafeRawBufferPointer, at start: Int) -> Int {
        var index = start + 1
        while index < text.count, text[index] != UInt8(ascii: "\"") {
            index += text[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index + 1, text.count)
    }

    private static func exponent(_ text: Slice<UnsafeRawBufferPointer>) -> Int? {
        var text = text
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative || text.first == UInt8(ascii: "+") { text = text.dropFirst() }
        var value = 0
        for byte in text {
            guard self.isDigit(byte), value <= Self.mostDigits else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return isNegative ? -value : value
    }

    private static func continuesNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"): true
        default: self.isDigit(byte)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

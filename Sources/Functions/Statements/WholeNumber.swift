import NIOCore

/// Whole numbers in floating point notation: `3.0`, `1.764379200000e12`. JavaScript has only one type of number, and
/// its values often come through MessagePack or CBOR as floating point. PostgreSQL accepts no such text for an integer.
enum WholeNumber {
    /// The most digits of any integer.
    private static let mostDigits = 19

    /// The integer value of a number of checked JSON text; nil if it is not whole, or is already written as an integer.
    ///
    /// - Throws: a fault for a whole number beyond all integers. Its digits could be many times as long as the text.
    static func integer(_ number: UnsafeRawBufferPointer) throws(ArgumentFault) -> [UInt8]? {
        let first = number.first == UInt8(ascii: "-") ? 1 : 0
        let end = number.firstIndex { $0 | 0x20 == UInt8(ascii: "e") } ?? number.count
        let point = number[first..<end].firstIndex(of: UInt8(ascii: "."))
        if point == nil, end == number.count { return nil }
        let exponent = end < number.count ? self.exponent(number[(end + 1)...]) : 0
        let zero = UInt8(ascii: "0")
        // The digits without the point, as far as they count.
        let isDigit = { (index: Int) in number[index] != zero && index != point }
        guard let leading = (first..<end).first(where: isDigit), let last = (first..<end).last(where: isDigit) else {
            return [zero]
        }
        let places = self.places(behind: last, point: point, end: end) + exponent
        guard places >= 0 else { return nil }
        let digits = last - leading + 1 - (point.map { leading < $0 && $0 < last } ?? false ? 1 : 0)
        guard digits <= Self.mostDigits, places <= Self.mostDigits - digits else { throw .beyondIntegers }
        var result: [UInt8] = first == 1 ? [UInt8(ascii: "-")] : []
        for index in leading...last where index != point { result.append(number[index]) }
        result += repeatElement(zero, count: places)
        return result
    }

    /// How many places of the number follow the given one; negative for places behind the point.
    private static func places(behind last: Int, point: Int?, end: Int) -> Int {
        guard let point else { return end - 1 - last }
        return last < point ? point - 1 - last : point - last
    }

    /// Writes checked JSON text with each whole number as an integer.
    ///
    /// - Throws: a fault for a whole number beyond all integers. Some of the text may have been written by then.
    static func write(_ text: ByteBuffer, into buffer: inout ByteBuffer) throws(ArgumentFault) {
        var fault: ArgumentFault?
        text.withUnsafeReadableBytes { source in
            do throws(ArgumentFault) {
                try self.write(source, into: &buffer)
            } catch {
                fault = error
            }
        }
        if let fault { throw fault }
    }

    private static func write(
        _ source: UnsafeRawBufferPointer, into buffer: inout ByteBuffer
    ) throws(ArgumentFault) {
        var written = 0
        var index = 0
        while index < source.count {
            let byte = source[index]
            if byte == UInt8(ascii: "\"") {
                index = self.end(ofString: source, at: index)
            } else if byte == UInt8(ascii: "-") || self.isDigit(byte) {
                var end = index + 1
                while end < source.count, self.continuesNumber(source[end]) { end += 1 }
                if let integer = try self.integer(UnsafeRawBufferPointer(rebasing: source[index..<end])) {
                    buffer.writeBytes(UnsafeRawBufferPointer(rebasing: source[written..<index]))
                    buffer.writeBytes(integer)
                    written = end
                }
                index = end
            } else {
                index += 1
            }
        }
        buffer.writeBytes(UnsafeRawBufferPointer(rebasing: source[written...]))
    }

    /// After the closing quote.
    private static func end(ofString text: UnsafeRawBufferPointer, at start: Int) -> Int {
        var index = start + 1
        while index < text.count, text[index] != UInt8(ascii: "\"") {
            index += text[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index + 1, text.count)
    }

    /// The exponent, limited to the least value that is too large.
    private static func exponent(_ text: Slice<UnsafeRawBufferPointer>) -> Int {
        var text = text
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative || text.first == UInt8(ascii: "+") { text = text.dropFirst() }
        var value = 0
        for byte in text where value < 1_000_000 { value = value * 10 + Int(byte &- UInt8(ascii: "0")) }
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

import Glibc

/// The inside of a checked string, its escapes replaced by their characters; half a surrogate pair becomes U+FFFD.
extension JSON {
    /// The characters, in newly allocated memory.
    static func unescapedBytes(_ inner: UnsafeRawBufferPointer) -> [UInt8] {
        guard inner.count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: inner.count) { target, count in
            count = self.unescape(inner, into: UnsafeMutableRawBufferPointer(target))
        }
    }

    /// Writes the characters. They never take more octets than the text.
    ///
    /// - Parameter target: has at least as much room as the text.
    /// - Returns: how many octets were written.
    static func unescape(_ inner: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int {
        guard target.count >= inner.count, let source = inner.baseAddress, let base = target.baseAddress else {
            return 0
        }
        var read = 0
        var written = 0
        while read < inner.count {
            let rest = inner.count - read
            let backslash = memchr(source + read, Int32(UInt8(ascii: "\\")), rest)
            let plain = backslash.map { UnsafeRawPointer($0) - (source + read) } ?? rest
            (base + written).copyMemory(from: source + read, byteCount: plain)
            written += plain
            read += plain
            guard read + 1 < inner.count else { break }
            let letter = inner[read + 1]
            read += 2
            switch letter {
            case UInt8(ascii: "b"): target[written] = 0x08
            case UInt8(ascii: "f"): target[written] = 0x0C
            case UInt8(ascii: "n"): target[written] = 0x0A
            case UInt8(ascii: "r"): target[written] = 0x0D
            case UInt8(ascii: "t"): target[written] = 0x09
            case UInt8(ascii: "u"):
                // An escape of six octets becomes three at most, a pair of twelve becomes four.
                guard let octets = self.scalar(inner, &read).flatMap({ UTF8.encode($0) }) else { continue }
                for octet in octets {
                    target[written] = octet
                    written += 1
                }
                continue
            default: target[written] = letter
            }
            written += 1
        }
        return written
    }

    /// The character of an escape whose `\u` was read; nil if digits are missing, which a checked text rules out.
    private static func scalar(_ inner: UnsafeRawBufferPointer, _ index: inout Int) -> Unicode.Scalar? {
        let replacement: Unicode.Scalar = "\u{FFFD}"
        guard let first = self.codeUnit(inner, at: index) else { return nil }
        index += 4
        if (0xD800...0xDBFF).contains(first), index + 1 < inner.count, inner[index] == UInt8(ascii: "\\"),
            inner[index + 1] == UInt8(ascii: "u"), let second = self.codeUnit(inner, at: index + 2),
            (0xDC00...0xDFFF).contains(second)
        {
            index += 6
            return Unicode.Scalar(0x10000 + ((first - 0xD800) << 10 | (second - 0xDC00))) ?? replacement
        }
        return Unicode.Scalar(first) ?? replacement
    }

    private static func codeUnit(_ inner: UnsafeRawBufferPointer, at index: Int) -> UInt32? {
        guard index + 4 <= inner.count else { return nil }
        var unit: UInt32 = 0
        for byte in inner[index..<(index + 4)] {
            guard let digit = JSONScanner.hexadecimalDigit(byte) else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}

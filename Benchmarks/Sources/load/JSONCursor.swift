/// Walks over the text of one WAMP message and picks out what the load program needs, without building anything.
///
/// Every function skips white space first, and answers `nil` or `false` if the text is something else; none of them
/// reads past the end, whatever the peer sent. It does not validate: nested values are skipped by counting brackets.
struct JSONCursor {
    private let bytes: UnsafeRawBufferPointer
    private var index = 0

    /// - Parameter bytes: must stay valid as long as the cursor is used.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The next byte that is not white space, not consumed; nil at the end.
    mutating func peek() -> UInt8? {
        while index < bytes.count {
            let byte = bytes[index]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            index += 1
        }
        return nil
    }

    /// Consumes `byte` if it comes next.
    mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard let next = peek(), UInt32(next) == byte.value else { return false }
        index += 1
        return true
    }

    /// Consumes an integer that fits into 63 bits; a fraction or an exponent is left unread.
    mutating func integer() -> Int? {
        guard var next = peek() else { return nil }
        let isNegative = next == UInt8(ascii: "-")
        if isNegative {
            index += 1
            guard index < bytes.count else { return nil }
            next = bytes[index]
        }
        var value = 0
        var digits = 0
        while next >= 0x30 && next <= 0x39 {
            digits += 1
            guard digits <= 18 else { return nil }
            value = value * 10 + Int(next & 0x0F)
            index += 1
            guard index < bytes.count else { break }
            next = bytes[index]
        }
        guard digits > 0 else { return nil }
        return isNegative ? -value : value
    }

    /// Consumes a string and returns the bytes between its quotes, including escapes.
    mutating func string() -> UnsafeRawBufferPointer? {
        guard take("\"") else { return nil }
        let start = index
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                let text = UnsafeRawBufferPointer(rebasing: bytes[start..<index])
                index += 1
                return text
            }
            index += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    /// Consumes one value of any kind and returns its text.
    mutating func value() -> UnsafeRawBufferPointer? {
        guard peek() != nil else { return nil }
        let start = index
        return skipValue() ? UnsafeRawBufferPointer(rebasing: bytes[start..<index]) : nil
    }

    /// Consumes one value of any kind.
    mutating func skipValue() -> Bool {
        var depth = 0
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                guard string() != nil else { return false }
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                index += 1
                depth += 1
                continue
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                guard depth > 0 else { return false }
                index += 1
                depth -= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { return false }
                index += 1
                continue
            default:
                skipScalar()
            }
            if depth == 0 { return true }
        }
        return false
    }

    /// Consumes an object and returns whether its member `key` is `true`. Nil if no whole object follows.
    mutating func objectHasTrue(_ key: StaticString) -> Bool? {
        guard take("{") else { return nil }
        if take("}") { return false }
        var found = false
        repeat {
            guard let name = string(), take(":") else { return nil }
            let isTrue = peek() == UInt8(ascii: "t")
            guard skipValue() else { return nil }
            if isTrue && name.elementsEqual(bytes(of: key)) { found = true }
        } while take(",")
        return take("}") ? found : nil
    }

    private func bytes(of text: StaticString) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    private mutating func skipScalar() {
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ":"), 0x20, 0x0A, 0x0D, 0x09:
                return
            default: index += 1
            }
        }
    }
}

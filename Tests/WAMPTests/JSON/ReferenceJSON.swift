/// A second reader of JSON, as plain as possible, to compare the real one with: characters, recursion, no tricks.
struct ReferenceJSON {
    private var rest: Substring.UnicodeScalarView

    /// True if the bytes are one JSON value (RFC 8259) of bounded depth, without half surrogate pairs and absurd
    /// exponents.
    static func accepts(_ bytes: [UInt8], depth: Int) -> Bool {
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        var reader = ReferenceJSON(rest: Substring(text).unicodeScalars)
        reader.skipSpace()
        guard reader.value(depth) else { return false }
        reader.skipSpace()
        return reader.rest.isEmpty
    }

    private mutating func skipSpace() {
        while let next = rest.first, [" ", "\t", "\n", "\r"].contains(next) { self.rest.removeFirst() }
    }

    private mutating func take(_ text: String) -> Bool {
        guard self.rest.starts(with: text.unicodeScalars) else { return false }
        self.rest.removeFirst(text.unicodeScalars.count)
        return true
    }

    private mutating func value(_ depth: Int) -> Bool {
        switch self.rest.first {
        case "{": return self.list("{", "}", depth) { $0.member(depth - 1) }
        case "[": return self.list("[", "]", depth) { $0.value(depth - 1) }
        case "\"": return self.string()
        case "t": return self.take("true")
        case "f": return self.take("false")
        case "n": return self.take("null")
        default: return self.number()
        }
    }

    private mutating func list(
        _ open: String, _ close: String, _ depth: Int, _ element: (inout ReferenceJSON) -> Bool
    ) -> Bool {
        guard depth > 0, self.take(open) else { return false }
        self.skipSpace()
        if self.take(close) { return true }
        while true {
            self.skipSpace()
            guard element(&self) else { return false }
            self.skipSpace()
            if self.take(close) { return true }
            guard self.take(",") else { return false }
        }
    }

    private mutating func member(_ depth: Int) -> Bool {
        guard self.string() else { return false }
        self.skipSpace()
        guard self.take(":") else { return false }
        self.skipSpace()
        return self.value(depth)
    }

    /// Takes digits; nil if there are none.
    private mutating func digits() -> String? {
        var digits = ""
        while let next = rest.first, ("0"..."9").contains(next) {
            self.rest.removeFirst()
            digits.unicodeScalars.append(next)
        }
        return digits.isEmpty ? nil : digits
    }

    private mutating func number() -> Bool {
        _ = self.take("-")
        if !self.take("0"), self.digits() == nil { return false }
        if let next = self.rest.first, ("0"..."9").contains(next) { return false }
        if self.take("."), self.digits() == nil { return false }
        if self.take("e") || self.take("E") {
            _ = self.take("+") || self.take("-")
            guard let exponent = self.digits() else { return false }
            // Leading zeros aside, no exponent with more digits than an Int is within the bounds.
            return (Int(exponent) ?? .max) <= 4300
        }
        return true
    }

    private mutating func codeUnit() -> UInt32? {
        let digits = self.rest.prefix(4)
        guard digits.count == 4, digits.allSatisfy({ $0.isASCII && $0.properties.isASCIIHexDigit }) else { return nil }
        self.rest.removeFirst(4)
        return UInt32(String(String.UnicodeScalarView(digits)), radix: 16)
    }

    private mutating func string() -> Bool {
        guard self.take("\"") else { return false }
        while let next = self.rest.popFirst() {
            if next == "\"" { return true }
            if next.value < 0x20 { return false }
            guard next == "\\" else { continue }
            guard let letter = self.rest.popFirst() else { return false }
            if letter != "u" {
                guard "\"\\/bfnrt".unicodeScalars.contains(letter) else { return false }
                continue
            }
            guard let unit = self.codeUnit() else { return false }
            if (0xDC00...0xDFFF).contains(unit) { return false }
            if (0xD800...0xDBFF).contains(unit) {
                guard self.take("\\u"), let low = self.codeUnit(), (0xDC00...0xDFFF).contains(low) else { return false }
            }
        }
        return false
    }
}

package import NIOCore

extension JSON {
    /// Makes a tree of a value; the last of several equal keys wins, integers beyond 64 bits become doubles.
    package static func value(of element: JSONElement) throws(JSONError) -> Value {
        try self.value(of: element.text)
    }

    /// Makes a tree of a text that holds one value.
    package static func value(of text: ByteBuffer) throws(JSONError) -> Value {
        // The nesting is checked first, because what follows is recursive.
        _ = try self.validate(text)
        return try self.scan(text) { (scanner: inout JSONScanner) throws(JSONError) in
            try self.value(from: &scanner, in: text)
        }
    }

    /// An integer of 64 bits; nil if the element is not a number, has a fraction or is too large. `2.0` and `2e3` are
    /// integers.
    package static func integer(of element: JSONElement) -> Int64? {
        guard element.kind == .number else { return nil }
        return element.text.withUnsafeReadableBytes { self.integer(of: $0) }
    }

    /// An integer from the text of a checked number.
    package static func integer(of number: UnsafeRawBufferPointer) -> Int64? {
        // Up to 18 digits can't overflow.
        guard let first = number.first, number.count <= 18, first != UInt8(ascii: "-") else {
            return self.unusualInteger(of: number)
        }
        var value: Int64 = 0
        for byte in number {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return self.unusualInteger(of: number) }
            value = value &* 10 &+ Int64(digit)
        }
        return value
    }

    /// An integer from 0 to 2^64 - 1 from the text of a checked number.
    static func naturalNumber(of number: UnsafeRawBufferPointer) -> UInt64? {
        if let integer = self.integer(of: number) { return UInt64(exactly: integer) }
        guard number.count <= 40 else { return nil }
        let text = String(decoding: number, as: UTF8.self)
        return UInt64(text) ?? Double(text).flatMap { UInt64(exactly: $0) }
    }

    /// Integers with a sign, with many digits, or written as doubles.
    @inline(never)
    private static func unusualInteger(of number: UnsafeRawBufferPointer) -> Int64? {
        // No encoder of integers or doubles writes a longer number.
        guard number.count <= 40 else { return nil }
        let text = String(decoding: number, as: UTF8.self)
        return Int64(text) ?? Double(text).flatMap { Int64(exactly: $0) }
    }

    /// Reads one value, after white space.
    private static func value(from scanner: inout JSONScanner, in text: ByteBuffer) throws(JSONError) -> Value {
        scanner.skipWhiteSpace()
        switch scanner.next {
        case UInt8(ascii: "["):
            scanner.advance()
            var list: [Value] = []
            if scanner.scanEmpty(closing: UInt8(ascii: "]")) { return .list(list) }
            repeat {
                list.append(try self.value(from: &scanner, in: text))
            } while try scanner.scanSeparator(closing: UInt8(ascii: "]"))
            return .list(list)
        case UInt8(ascii: "{"):
            scanner.advance()
            var dictionary: [String: Value] = [:]
            if scanner.scanEmpty(closing: UInt8(ascii: "}")) { return .dictionary(dictionary) }
            repeat {
                let key = self.unescape(self.element(of: try scanner.scanKey(), in: text))
                dictionary[key] = try self.value(from: &scanner, in: text)
            } while try scanner.scanSeparator(closing: UInt8(ascii: "}"))
            return .dictionary(dictionary)
        default:
            return self.scalar(self.element(of: try scanner.scanToken(), in: text))
        }
    }

    /// The value of a checked string, number or literal.
    private static func scalar(_ element: JSONElement) -> Value {
        switch element.kind {
        case .null, .array, .object: return .null
        case .bool: return .bool(element.text.readableBytesView.first == UInt8(ascii: "t"))
        case .number:
            let text = String(buffer: element.text)
            if let integer = Int64(text) { return .integer(integer) }
            return .double(Double(text) ?? .nan)
        case .string:
            if let bytes = self.binary(of: element) { return .binary(bytes) }
            return .string(self.unescape(element))
        }
    }
}

package import NIOCore

extension JSON {
    /// Makes a tree of a value; the last of several equal keys wins, integers beyond 64 bits become doubles.
    package static func value(of element: JSONElement) throws(JSONError) -> Value {
        try self.value(of: element.text)
    }

    /// Makes a tree of a text that is one value.
    package static func value(of text: ByteBuffer) throws(JSONError) -> Value {
        let element = try self.element(text)
        return try self.value(ofChecked: element, depth: 0)
    }

    /// An integer of 64 bits; nil if the element is no number, has a fraction or is too large. `2.0` and `2e3` are integers.
    package static func integer(of element: JSONElement) -> Int64? {
        guard element.kind == .number else { return nil }
        return element.text.withUnsafeReadableBytes { self.integer(of: $0) }
    }

    /// An integer from the text of a checked number.
    static func integer(of number: UnsafeRawBufferPointer) -> Int64? {
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

    /// Integers with a sign, of many digits, or written as doubles.
    @inline(never)
    private static func unusualInteger(of number: UnsafeRawBufferPointer) -> Int64? {
        // A longer number than this is none that an encoder of integers or doubles writes.
        guard number.count <= 40 else { return nil }
        let text = String(decoding: number, as: UTF8.self)
        return Int64(text) ?? Double(text).flatMap { Int64(exactly: $0) }
    }

    /// The nesting was limited by the scan of the whole, so the recursion is too.
    private static func value(ofChecked element: JSONElement, depth: Int) throws(JSONError) -> Value {
        guard depth <= DecodingLimits.default.depth else { throw JSONError(.tooDeep, at: 0) }
        switch element.kind {
        case .null:
            return .null
        case .bool:
            return .bool(element.text.readableBytesView.first == UInt8(ascii: "t"))
        case .number:
            let text = String(buffer: element.text)
            if let integer = Int64(text) { return .integer(integer) }
            return .double(Double(text) ?? .nan)
        case .string:
            if let bytes = self.binary(of: element) { return .binary(bytes) }
            return .string(self.unescape(element))
        case .array:
            var list: [Value] = []
            for inner in try self.elements(of: element.text) {
                list.append(try self.value(ofChecked: inner, depth: depth + 1))
            }
            return .list(list)
        case .object:
            var dictionary: [String: Value] = [:]
            for (key, inner) in try self.members(of: element.text) {
                dictionary[key] = try self.value(ofChecked: inner, depth: depth + 1)
            }
            return .dictionary(dictionary)
        }
    }
}

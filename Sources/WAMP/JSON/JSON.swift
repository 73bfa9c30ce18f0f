package import NIOCore

/// Tools for JSON that stays text: they take arguments apart into ranges of bytes, without a tree.
///
/// All of them check the whole text. Unlike the decoder of messages, they also throw on half surrogate pairs, numbers
/// that are not finite, and too much nesting.
package enum JSON {
    /// Checks that the bytes are exactly one JSON value.
    ///
    /// - Returns: its kind, and its traits.
    package static func validate(
        _ text: ByteBuffer, limits: DecodingLimits = .default
    ) throws(JSONError) -> (kind: JSONKind, traits: JSONTraits) {
        let token = try self.scan(text, limits: limits) { (scanner: inout JSONScanner) throws(JSONError) in
            try scanner.scanToken()
        }
        return (token.kind, token.traits)
    }

    /// The whole text as one element, without the white space around it.
    package static func element(_ text: ByteBuffer) throws(JSONError) -> JSONElement {
        let token = try self.scan(text) { (scanner: inout JSONScanner) throws(JSONError) in try scanner.scanToken() }
        return self.element(of: token, in: text)
    }

    /// The first elements of an array, in order, and all others as one text: a peer that sends millions gets no memory
    /// for each of them.
    package struct Elements: Sendable {
        /// The first ones, as many as were asked for.
        package fileprivate(set) var first: [JSONElement] = []
        /// How many there are in all.
        package fileprivate(set) var count = 0
        /// The text of the others, with the commas between them; nil if there are none.
        package fileprivate(set) var rest: ByteBuffer?
        /// True if some string in the others has an escaped U+0000.
        package fileprivate(set) var restContainsNUL = false
    }

    /// The elements of an array; only the first ones are separated.
    package static func elements(of array: ByteBuffer, first most: Int) throws(JSONError) -> Elements {
        var elements = Elements()
        var rest: Range<Int>?
        try self.scan(array) { (scanner: inout JSONScanner) throws(JSONError) in
            try scanner.expectOpening(UInt8(ascii: "["))
            if scanner.scanEmpty(closing: UInt8(ascii: "]")) { return }
            repeat {
                let token = try scanner.scanToken()
                elements.count += 1
                if elements.count <= most {
                    elements.first.append(self.element(of: token, in: array))
                } else {
                    rest = (rest?.lowerBound ?? token.start)..<token.end
                    if token.traits.contains(.containsNUL) { elements.restContainsNUL = true }
                }
            } while try scanner.scanSeparator(closing: UInt8(ascii: "]"))
        }
        elements.rest = rest.flatMap { array.getSlice(at: array.readerIndex + $0.lowerBound, length: $0.count) }
        return elements
    }

    /// The elements of an array, in order.
    package static func elements(of array: ByteBuffer) throws(JSONError) -> [JSONElement] {
        var elements: [JSONElement] = []
        try self.scan(array) { (scanner: inout JSONScanner) throws(JSONError) in
            try scanner.expectOpening(UInt8(ascii: "["))
            if scanner.scanEmpty(closing: UInt8(ascii: "]")) { return }
            repeat {
                elements.append(self.element(of: try scanner.scanToken(), in: array))
            } while try scanner.scanSeparator(closing: UInt8(ascii: "]"))
        }
        return elements
    }

    /// The members of an object, in order. A key that occurs twice is returned twice; the caller decides what that
    /// means.
    ///
    /// - Parameter most: members beyond this number are checked, and left out.
    package static func members(
        of object: ByteBuffer, first most: Int = .max
    ) throws(JSONError) -> [(key: String, value: JSONElement)] {
        var members: [(key: String, value: JSONElement)] = []
        try self.scan(object) { (scanner: inout JSONScanner) throws(JSONError) in
            try scanner.expectOpening(UInt8(ascii: "{"))
            if scanner.scanEmpty(closing: UInt8(ascii: "}")) { return }
            repeat {
                let key = try scanner.scanKey()
                let value = try scanner.scanToken()
                guard members.count < most else { continue }
                members.append(
                    (self.unescape(self.element(of: key, in: object)), self.element(of: value, in: object)))
            } while try scanner.scanSeparator(closing: UInt8(ascii: "}"))
        }
        return members
    }

    /// A string's characters, without its quotes and escapes; half a surrogate pair becomes U+FFFD.
    ///
    /// - Returns: the empty string if it is not a string.
    package static func unescape(_ string: JSONElement) -> String {
        guard string.kind == .string else { return "" }
        return string.text.withUnsafeReadableBytes {
            self.unescape($0, isEscaped: string.isEscaped)
        }
    }

    /// Runs a scan over the whole text, and makes sure that nothing follows and that the value can be used.
    static func scan<Result>(
        _ text: ByteBuffer, limits: DecodingLimits = .default,
        _ body: (inout JSONScanner) throws(JSONError) -> Result
    ) throws(JSONError) -> Result {
        guard text.readableBytes <= limits.size else { throw JSONError(.tooLarge, at: limits.size) }
        let outcome: Swift.Result<Result, JSONError> = text.withUnsafeReadableBytes { bytes in
            guard var scanner = JSONScanner(bytes, depthLimit: limits.depth) else {
                return .failure(JSONError(.unexpectedEnd, at: 0))
            }
            do throws(JSONError) {
                let result = try body(&scanner)
                try scanner.expectEnd()
                try scanner.expectNoFaults()
                return .success(result)
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// The slice of the text that a token stands for.
    static func element(of token: JSONScanner.Token, in text: ByteBuffer) -> JSONElement {
        let slice = text.getSlice(at: text.readerIndex + token.start, length: token.end - token.start)
        assert(slice != nil, "a token lies within its text")
        return JSONElement(kind: token.kind, text: slice ?? ByteBuffer(), traits: token.traits)
    }

    /// A checked string with its quotes, decoded into characters.
    static func unescape(_ string: UnsafeRawBufferPointer, isEscaped: Bool) -> String {
        guard string.count >= 2 else { return "" }
        let inner = UnsafeRawBufferPointer(rebasing: string[1..<(string.count - 1)])
        guard isEscaped else { return String(decoding: inner, as: UTF8.self) }
        return String(decoding: self.unescapedBytes(inner), as: UTF8.self)
    }
}

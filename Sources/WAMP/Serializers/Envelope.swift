internal import NIOCore

/// A message after one pass over it: the code, and where its elements are in the JSON text. Whatever the serializer on
/// the wire, from here on there is only text.
struct Envelope {
    /// One element, as offsets into the text.
    struct Element {
        var start: UInt32 = 0
        var end: UInt32 = 0
        var kind: JSONKind = .null
        var traits: JSONTraits = []
        /// The value of an id or a code, after the check.
        var integer: Int64 = 0

        var count: Int { Int(self.end) - Int(self.start) }
    }

    /// The first elements, including the code.
    private(set) var elements: InlineArray<7, Element> = .init(repeating: Element())
    /// The number of elements; more than ``elements`` holds if some are superfluous.
    private(set) var count = 0

    /// Scans a whole message: a list of values with nothing behind it.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, limits: DecodingLimits) throws(JSONError) {
        guard bytes.count <= limits.size, bytes.count <= Int(UInt32.max) else {
            throw JSONError(.tooLarge, at: limits.size)
        }
        guard var scanner = JSONScanner(bytes, depthLimit: limits.depth) else { throw JSONError(.unexpectedEnd, at: 0) }
        try scanner.expectOpening(UInt8(ascii: "["))
        if !scanner.scanEmpty(closing: UInt8(ascii: "]")) {
            repeat {
                let token = try scanner.scanToken()
                self.note(token.kind, token.traits, start: token.start, end: token.end)
            } while try scanner.scanSeparator(closing: UInt8(ascii: "]"))
        }
        try scanner.expectEnd()
    }

    /// Adds the next element.
    ///
    /// - Returns: false if it is superfluous, and was only counted.
    @discardableResult
    @inline(__always)
    mutating func note(_ kind: JSONKind, _ traits: JSONTraits, start: Int, end: Int) -> Bool {
        defer { self.count &+= 1 }
        guard self.count < self.elements.count else { return false }
        self.elements[self.count] = Element(
            start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end), kind: kind, traits: traits)
        return true
    }

    /// The message, if it is one that a router sends.
    ///
    /// - Parameters:
    ///   - text: the text that the elements' offsets refer to.
    ///   - bytes: its octets.
    @inline(__always)
    consuming func message(
        in text: ByteBuffer, _ bytes: UnsafeRawBufferPointer
    ) throws(MessageError) -> IncomingMessage {
        guard let code = self.code(bytes) else { throw MessageError(.noCode) }
        guard let kind = Int(exactly: code).flatMap({ MessageKind(rawValue: $0) }) else {
            // Codes up to 255 belong to the specification, all others to routers.
            guard code > 255 else { throw MessageError(.unknownCode(code)) }
            return .extension(code: code)
        }
        guard kind.shape.direction != .toRouter else { throw MessageError(.wrongDirection(kind)) }
        try self.check(kind, bytes)
        return try MessageReader(message: text, bytes: bytes, envelope: self).read(kind)
    }

    /// The code at the front; nil if there is none. A code that was written as a double is accepted.
    func code(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        guard self.count > 0 else { return nil }
        return Self.integer(self.elements[0], bytes)
    }

    /// The one check of all messages: each element is what the table says it must be.
    mutating func check(_ kind: MessageKind, _ bytes: UnsafeRawBufferPointer) throws(MessageError) {
        let shape = kind.shape
        guard self.count >= shape.least else { throw MessageError(.tooShort(kind)) }
        for index in 1..<min(self.count, shape.most) {
            guard self.isElement(at: index, shape.element(at: index), bytes) else {
                throw MessageError(.wrongElement(kind, index: index))
            }
        }
    }

    /// The text of an element.
    func text(at index: Int, _ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let element = self.elements[index]
        return UnsafeRawBufferPointer(rebasing: bytes[Int(element.start)..<Int(element.end)])
    }

    private mutating func isElement(
        at index: Int, _ wanted: MessageShape.Element, _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        let element = self.elements[index]
        switch wanted {
        case .none:
            return true
        case .id, .idOrZero:
            guard let integer = Self.integer(element, bytes) else { return false }
            self.elements[index].integer = integer
            return integer <= RequestID.greatestRawValue && (integer > 0 || integer == 0 && wanted == .idOrZero)
        case .requestKind:
            guard let integer = Self.integer(element, bytes) else { return false }
            self.elements[index].integer = integer
            return true
        case .string:
            return element.kind == .string && element.traits.isDisjoint(with: .faults)
        case .dictionary:
            return element.kind == .object && element.traits.isDisjoint(with: .faults.subtracting(.absurdNumber))
        case .arguments:
            return element.kind == .array || element.kind == .null || element.kind == .string
        case .keywordArguments:
            // Some routers write an empty list for no keyword arguments.
            return element.kind == .object || element.kind == .null
                || (element.kind == .array && self.text(at: index, bytes).count == 2)
        case .publication:
            guard element.kind == .number, let number = JSON.naturalNumber(of: self.text(at: index, bytes)) else {
                return false
            }
            self.elements[index].integer = Int64(bitPattern: number)
            return true
        }
    }

    @inline(__always)
    private static func integer(_ element: Element, _ bytes: UnsafeRawBufferPointer) -> Int64? {
        guard element.kind == .number else { return nil }
        return JSON.integer(
            of: UnsafeRawBufferPointer(rebasing: bytes[Int(element.start)..<Int(element.end)]))
    }
}

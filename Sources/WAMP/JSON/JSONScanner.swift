/// Reads over JSON text (RFC 8259) and checks it, without building anything: one pass, no recursion, no allocation.
///
/// It is the only reader of JSON in the project; decoder, details and payload tools are built on it. It lives within
/// one `withUnsafeReadableBytes` closure. The text is hostile: each read is checked against the end.
///
/// Faults of grammar, UTF-8 and control characters are errors. What the sloppy encoders of other peers can send through
/// a router is only noted in ``traits`` (half surrogate pairs, NaN and infinities, absurd exponents, too much nesting),
/// so that it harms one payload and not the session.
struct JSONScanner {
    /// One value, as offsets into the text.
    struct Token {
        var kind: JSONKind
        var traits: JSONTraits
        var start: Int
        var end: Int
    }

    /// The next octet to read.
    private(set) var index: Int
    /// What was seen since the last reset.
    var traits: JSONTraits = []

    /// The most digits of an integer that all peers read: Python's decoders refuse more.
    static let mostReadableDigits = 4300
    /// The greatest exponent, with either sign: PostgreSQL writes a number of `jsonb` with all of its digits.
    static let greatestExponent = 4300
    /// The most zeros that all exponents together may stand for.
    static let mostExpansion = DecodingLimits.default.size
    /// The digits of the greatest double's integer.
    private static let mostDoubleDigits = 309
    /// The most digits that PostgreSQL's `numeric` has before and behind the point.
    private static let mostNumericDigits = (integer: 131_072, fraction: 16_383)

    private let base: UnsafeRawPointer
    private let end: Int
    private let depthLimit: Int
    /// The zeros that the exponents so far stand for.
    private var expansion = 0

    /// Reads the given bytes, from the first on. Nil (unreachable for a ByteBuffer's bytes) if there is no memory.
    init?(_ bytes: UnsafeRawBufferPointer, depthLimit: Int = DecodingLimits.default.depth) {
        guard let base = bytes.baseAddress else { return nil }
        self.base = base
        self.end = bytes.count
        self.index = 0
        self.depthLimit = depthLimit
    }

    /// The octet under the cursor; nil at the end.
    @inline(__always)
    var next: UInt8? {
        self.index < self.end ? self.load(self.index) : nil
    }

    /// Takes the octet under the cursor.
    @inline(__always)
    mutating func advance() {
        assert(self.index < self.end)
        self.index &+= 1
    }

    /// Takes the given octet, after white space.
    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(JSONError) {
        self.skipWhiteSpace()
        guard let next = self.next else { throw JSONError(.unexpectedEnd, at: self.index) }
        guard next == byte else { throw JSONError(.unexpectedByte, at: self.index) }
        self.index &+= 1
    }

    /// Takes white space.
    @inline(__always)
    mutating func skipWhiteSpace() {
        while self.index < self.end {
            switch self.load(self.index) {
            case 0x20, 0x0A, 0x0D, 0x09: self.index &+= 1
            default: return
            }
        }
    }

    /// Makes sure that nothing but white space is left.
    mutating func expectEnd() throws(JSONError) {
        self.skipWhiteSpace()
        guard self.index == self.end else { throw JSONError(.trailingBytes, at: self.index) }
    }

    /// Takes one value with everything in it, after white space. The token's traits are those of this value only.
    @inline(__always)
    mutating func scanToken() throws(JSONError) -> Token {
        self.skipWhiteSpace()
        let start = self.index
        let outer = self.traits
        self.traits = []
        let kind = try self.scanValue()
        let token = Token(kind: kind, traits: self.traits, start: start, end: self.index)
        self.traits.formUnion(outer)
        return token
    }

    /// Takes an object's key and its colon, after white space. The cursor is then at the value.
    @inline(__always)
    mutating func scanKey() throws(JSONError) -> Token {
        try self.expect(UInt8(ascii: "\""))
        let start = self.index &- 1
        let outer = self.traits
        self.traits = []
        try self.scanString()
        let token = Token(kind: .string, traits: self.traits, start: start, end: self.index)
        self.traits.formUnion(outer)
        try self.expect(UInt8(ascii: ":"))
        return token
    }

    /// After an element or member: takes a comma (then another follows: true) or the closing bracket (false).
    @inline(__always)
    mutating func scanSeparator(closing: UInt8) throws(JSONError) -> Bool {
        self.skipWhiteSpace()
        guard let next = self.next else { throw JSONError(.unexpectedEnd, at: self.index) }
        if next == UInt8(ascii: ",") {
            self.index &+= 1
            return true
        }
        guard next == closing else { throw JSONError(.unexpectedByte, at: self.index) }
        self.index &+= 1
        return false
    }

    /// After an opening bracket: takes the closing one if it follows immediately.
    @inline(__always)
    mutating func scanEmpty(closing: UInt8) -> Bool {
        self.skipWhiteSpace()
        guard self.next == closing else { return false }
        self.index &+= 1
        return true
    }

    /// Takes the given opening bracket; anything else is a value of the wrong kind.
    mutating func expectOpening(_ byte: UInt8) throws(JSONError) {
        self.skipWhiteSpace()
        guard let next = self.next else { throw JSONError(.unexpectedEnd, at: self.index) }
        guard next == byte else { throw JSONError(.wrongKind, at: self.index) }
        self.index &+= 1
    }

    /// Throws if the value can't be used, though its grammar is right.
    func expectNoFaults() throws(JSONError) {
        guard !self.traits.isDisjoint(with: .faults) else { return }
        if self.traits.contains(.loneSurrogate) { throw JSONError(.loneSurrogate, at: self.index) }
        if self.traits.contains(.notFinite) { throw JSONError(.notFinite, at: self.index) }
        if self.traits.contains(.absurdNumber) { throw JSONError(.absurdNumber, at: self.index) }
        if self.traits.contains(.tooLarge) { throw JSONError(.tooLarge, at: self.index) }
        throw JSONError(.tooDeep, at: self.index)
    }

    // MARK: Values

    /// Takes one value; the cursor is at its first octet.
    private mutating func scanValue() throws(JSONError) -> JSONKind {
        guard let first = self.next else { throw JSONError(.unexpectedEnd, at: self.index) }
        switch first {
        case UInt8(ascii: "{"):
            self.index &+= 1
            if self.scanEmpty(closing: UInt8(ascii: "}")) { return .object }
            try self.scanNested(isObject: true)
            return .object
        case UInt8(ascii: "["):
            self.index &+= 1
            if self.scanEmpty(closing: UInt8(ascii: "]")) { return .array }
            try self.scanNested(isObject: false)
            return .array
        default:
            return try self.scanScalar(first)
        }
    }

    /// Takes the rest of an array or object that is not empty; the cursor is behind its opening bracket.
    private mutating func scanNested(isObject: Bool) throws(JSONError) {
        var stack = NestingStack()
        stack.push(isObject: isObject)
        nextValue: while true {
            if stack.isObject {
                try self.expect(UInt8(ascii: "\""))
                try self.scanString()
                try self.expect(UInt8(ascii: ":"))
            }
            self.skipWhiteSpace()
            guard let first = self.next else { throw JSONError(.unexpectedEnd, at: self.index) }
            if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
                self.index &+= 1
                // The brackets' codes are two apart.
                if !self.scanEmpty(closing: first &+ 2) {
                    stack.push(isObject: first == UInt8(ascii: "{"))
                    if stack.depth > self.depthLimit { self.traits.insert(.tooDeep) }
                    continue nextValue
                }
                if stack.depth >= self.depthLimit { self.traits.insert(.tooDeep) }
            } else {
                _ = try self.scanScalar(first)
            }
            while try !self.scanSeparator(closing: stack.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                stack.pop()
                if stack.depth == 0 { return }
            }
        }
    }

    /// Takes a string, number or literal; its first octet is given, and under the cursor.
    @inline(__always)
    private mutating func scanScalar(_ first: UInt8) throws(JSONError) -> JSONKind {
        switch first {
        case UInt8(ascii: "\""):
            self.index &+= 1
            try self.scanString()
            return .string
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            try self.scanNumber()
            return .number
        case UInt8(ascii: "t"):
            try self.scanLiteral("true")
            return .bool
        case UInt8(ascii: "f"):
            try self.scanLiteral("false")
            return .bool
        case UInt8(ascii: "n"):
            try self.scanLiteral("null")
            return .null
        case UInt8(ascii: "N"):
            try self.scanLiteral("NaN")
            self.traits.insert(.notFinite)
            return .number
        case UInt8(ascii: "I"):
            try self.scanLiteral("Infinity")
            self.traits.insert(.notFinite)
            return .number
        default:
            throw JSONError(.unexpectedByte, at: self.index)
        }
    }

    @inline(__always)
    private mutating func scanLiteral(_ literal: StaticString) throws(JSONError) {
        let count = literal.utf8CodeUnitCount
        for offset in 0..<count {
            guard self.index < self.end else { throw JSONError(.unexpectedEnd, at: self.index) }
            guard self.load(self.index) == literal.utf8Start[offset] else {
                throw JSONError(.unexpectedByte, at: self.index)
            }
            self.index &+= 1
        }
    }

    private mutating func scanNumber() throws(JSONError) {
        let start = self.index
        if self.next == UInt8(ascii: "-") {
            self.index &+= 1
            if self.next == UInt8(ascii: "I") {
                try self.scanLiteral("Infinity")
                self.traits.insert(.notFinite)
                return
            }
        }
        let integer = self.index
        if self.next == UInt8(ascii: "0") {
            self.index &+= 1
            if let next = self.next, Self.isDigit(next) { throw JSONError(.malformedNumber, at: self.index) }
        } else {
            try self.scanDigits()
        }
        let point = self.index
        if self.next == UInt8(ascii: ".") {
            self.index &+= 1
            try self.scanDigits()
        }
        let fraction = self.index
        var exponent = 0
        if let next = self.next, next | 0x20 == UInt8(ascii: "e") {
            self.index &+= 1
            exponent = try self.scanExponent()
        }
        // Nearly all numbers are short.
        guard exponent != 0 || self.index &- start >= JSONNumber.leastGreatDigits else { return }
        if self.index == point {
            self.noteInteger(start, digits: point &- integer)
        } else {
            self.note(start, integer: point &- integer, fraction: fraction &- point, exponent: exponent)
        }
    }

    /// Takes an exponent's sign and digits. An exponent with more digits than any number has exceeds all bounds.
    private mutating func scanExponent() throws(JSONError) -> Int {
        let isNegative = self.next == UInt8(ascii: "-")
        if isNegative || self.next == UInt8(ascii: "+") { self.index &+= 1 }
        let start = self.index
        try self.scanDigits()
        var exponent = 0
        for place in start..<self.index where exponent <= Self.greatestExponent {
            exponent = exponent &* 10 &+ Int(self.load(place) &- UInt8(ascii: "0"))
        }
        return isNegative ? -exponent : exponent
    }

    /// Notes what is unusual about an integer that ends at the cursor.
    @inline(never)
    private mutating func noteInteger(_ start: Int, digits: Int) {
        if digits > Self.mostNumericDigits.integer { self.traits.insert(.absurdNumber) }
        if digits > Self.mostReadableDigits { self.traits.insert(.unreadableNumber) }
        let text = UnsafeRawBufferPointer(start: self.base + start, count: self.index &- start)
        if JSONNumber.isGreatInteger(text) { self.traits.insert(.greatInteger) }
    }

    /// Notes what is unusual about another number that ends at the cursor.
    ///
    /// - Parameters:
    ///   - start: where it begins.
    ///   - integer: the number of digits before the point.
    ///   - fraction: the number of octets from the point to the exponent; 0 without a point.
    @inline(never)
    private mutating func note(_ start: Int, integer: Int, fraction: Int, exponent: Int) {
        let magnitude = Int(exponent.magnitude)
        self.expansion &+= min(magnitude, Self.greatestExponent)
        if magnitude > Self.greatestExponent || integer > Self.mostNumericDigits.integer
            || fraction > Self.mostNumericDigits.fraction
        {
            self.traits.insert(.absurdNumber)
        }
        if self.expansion > Self.mostExpansion { self.traits.insert(.tooLarge) }
        if integer &+ exponent >= Self.mostDoubleDigits, !self.isFinite(from: start) {
            self.traits.insert(.unreadableNumber)
        }
    }

    private func isFinite(from start: Int) -> Bool {
        let text = UnsafeRawBufferPointer(start: self.base + start, count: self.index &- start)
        return Double(String(decoding: text, as: UTF8.self))?.isFinite ?? false
    }

    /// Takes one or more digits.
    @inline(__always)
    private mutating func scanDigits() throws(JSONError) {
        let start = self.index
        while self.index < self.end, Self.isDigit(self.load(self.index)) {
            self.index &+= 1
        }
        guard self.index > start else {
            throw JSONError(self.index < self.end ? .malformedNumber : .unexpectedEnd, at: self.index)
        }
    }

    // MARK: Strings

    /// Takes the rest of a string; the cursor is behind its opening quote.
    @inline(__always)
    private mutating func scanString() throws(JSONError) {
        while true {
            while self.index &+ 8 <= self.end {
                let special = Self.specialOctets(self.loadWord(self.index))
                if special == 0 {
                    self.index &+= 8
                } else {
                    self.index &+= special.trailingZeroBitCount &>> 3
                    break
                }
            }
            guard self.index < self.end else { throw JSONError(.unexpectedEnd, at: self.index) }
            let byte = self.load(self.index)
            if byte == UInt8(ascii: "\"") {
                self.index &+= 1
                return
            }
            if byte == UInt8(ascii: "\\") {
                try self.scanEscape()
            } else if byte < 0x20 {
                throw JSONError(.controlCharacter, at: self.index)
            } else if byte < 0x80 {
                self.index &+= 1
            } else {
                try self.scanMultiByteCharacters()
            }
        }
    }

    /// Marks, in the highest bit of each octet, the octets that a string's fast path can't skip: quotes, backslashes,
    /// control characters and everything that is not ASCII. Only the lowest mark is exact, which is enough.
    @inline(__always)
    static func specialOctets(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits: UInt64 = 0x8080_8080_8080_8080
        let quotes = (word ^ (ones &* 0x22)) &- ones
        let backslashes = (word ^ (ones &* 0x5C)) &- ones
        let controls = word &- (ones &* 0x20)
        return (quotes | backslashes | controls | word) & highBits
    }

    /// Takes an escape; the cursor is at its backslash.
    @inline(never)
    private mutating func scanEscape() throws(JSONError) {
        let start = self.index
        self.traits.insert(.escaped)
        self.index &+= 1
        guard let letter = self.next else { throw JSONError(.unexpectedEnd, at: self.index) }
        self.index &+= 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            let unit = try self.scanHexadecimal(escape: start)
            switch unit {
            case 0:
                self.traits.insert(.containsNUL)
            case 1:
                self.traits.insert(.containsMark)
            case 0xD800...0xDBFF:
                guard self.next == UInt8(ascii: "\\"), self.index &+ 1 < self.end,
                    self.load(self.index &+ 1) == UInt8(ascii: "u")
                else {
                    self.traits.insert(.loneSurrogate)
                    return
                }
                let second = self.index
                self.index &+= 2
                if !(0xDC00...0xDFFF).contains(try self.scanHexadecimal(escape: second)) {
                    self.traits.insert(.loneSurrogate)
                    // It may begin a pair, or be U+0000: look at it separately.
                    self.index = second
                }
            case 0xDC00...0xDFFF:
                self.traits.insert(.loneSurrogate)
            default:
                return
            }
        default:
            throw JSONError(.malformedEscape, at: start)
        }
    }

    private mutating func scanHexadecimal(escape: Int) throws(JSONError) -> UInt32 {
        guard self.end &- self.index >= 4 else { throw JSONError(.unexpectedEnd, at: self.end) }
        var unit: UInt32 = 0
        for offset in 0..<4 {
            guard let digit = Self.hexadecimalDigit(self.load(self.index &+ offset)) else {
                throw JSONError(.malformedEscape, at: escape)
            }
            unit = unit &<< 4 | UInt32(digit)
        }
        self.index &+= 4
        return unit
    }

    /// Takes characters that are not ASCII, as long as they follow one another.
    private mutating func scanMultiByteCharacters() throws(JSONError) {
        let run = UTF8Run.end(of: self.base, from: self.index, to: self.end)
        guard run.isValid else { throw JSONError(.invalidUTF8, at: run.index) }
        self.index = run.index
    }

    // MARK: Octets

    /// The caller has checked that the index is below the end.
    @inline(__always)
    private func load(_ index: Int) -> UInt8 {
        assert(index >= 0 && index < self.end)
        return self.base.load(fromByteOffset: index, as: UInt8.self)
    }

    /// Eight octets, the first one lowest; the caller has checked that they are there.
    @inline(__always)
    private func loadWord(_ index: Int) -> UInt64 {
        assert(index >= 0 && index &+ 8 <= self.end)
        return UInt64(littleEndian: self.base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10
    }

    /// A digit's value, either case.
    static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
        default: nil
        }
    }
}

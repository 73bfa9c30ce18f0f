/// Makes one value of a binary format from JSON text, in one pass over the text, without a tree and without recursion.
///
/// The number of a list's elements is known only at its end, so each list begins with one octet of room for its head.
/// The few lists with a wider head are noted, and get their room at the end, all at once: each octet is moved at most
/// once, however deep the nesting.
struct ValueEncoder<Format: BinaryFormat> {
    /// The state of an open list or dictionary.
    private struct Level: BitwiseCopyable {
        /// Where its head goes.
        var head: UInt32
        /// The elements or pairs so far.
        var count: UInt32
        var isDictionary: Bool
    }

    /// Where the value is written.
    private(set) var writer: OctetWriter

    private let source: UnsafeRawBufferPointer
    private var levels = LevelStack(filling: Level(head: 0, count: 0, isDictionary: false))
    private var wide: [Level] = []

    /// The most octets that so much text can become. A list of fractions grows most: "1.5," becomes nine octets.
    static func room(for text: Int) -> Int { text / 4 * 9 + 48 }

    /// - Parameters:
    ///   - text: the text of one value, with nothing but white space around it.
    ///   - writer: has as much room as ``room(for:)`` says.
    init(_ text: UnsafeRawBufferPointer, _ writer: OctetWriter) {
        self.source = text
        self.writer = writer
    }

    /// Writes the value. Faults of its numbers and strings are passed on; only invalid JSON is thrown.
    mutating func encode() throws(JSONError) {
        guard var scanner = JSONScanner(self.source) else { throw JSONError(.unexpectedEnd, at: 0) }
        repeat {
            try self.takeValue(&scanner)
        } while self.levels.depth > 0
        try scanner.expectEnd()
        if !self.wide.isEmpty { self.widen() }
    }

    /// Takes a value, or the beginning of one that holds others, and the ends of lists and dictionaries behind it.
    @inline(__always)
    private mutating func takeValue(_ scanner: inout JSONScanner) throws(JSONError) {
        scanner.skipWhiteSpace()
        switch scanner.next {
        case UInt8(ascii: "["):
            scanner.advance()
            if scanner.scanEmpty(closing: UInt8(ascii: "]")) {
                Format.writeHead(isDictionary: false, 0, to: &self.writer)
            } else {
                return self.open(isDictionary: false)
            }
        case UInt8(ascii: "{"):
            scanner.advance()
            if scanner.scanEmpty(closing: UInt8(ascii: "}")) {
                Format.writeHead(isDictionary: true, 0, to: &self.writer)
            } else {
                self.open(isDictionary: true)
                return try self.takeKey(&scanner)
            }
        default:
            self.write(try scanner.scanToken())
        }
        while self.levels.depth > 0 {
            let isDictionary = self.levels.top.isDictionary
            self.levels.top.count &+= 1
            if try scanner.scanSeparator(closing: isDictionary ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                if isDictionary { try self.takeKey(&scanner) }
                return
            }
            self.close()
        }
    }

    @inline(__always)
    private mutating func takeKey(_ scanner: inout JSONScanner) throws(JSONError) {
        self.write(string: try scanner.scanKey(), isKey: true)
    }

    @inline(__always)
    private mutating func open(isDictionary: Bool) {
        self.levels.push(
            Level(head: UInt32(truncatingIfNeeded: self.writer.count), count: 0, isDictionary: isDictionary))
        self.writer.write(Format.null)
    }

    @inline(__always)
    private mutating func close() {
        let level = self.levels.top
        self.levels.pop()
        if Format.headWidth(Int(level.count)) == 1 {
            let end = self.writer.count
            self.writer.seek(Int(level.head))
            Format.writeHead(isDictionary: level.isDictionary, Int(level.count), to: &self.writer)
            self.writer.seek(end)
        } else {
            self.wide.append(level)
        }
    }

    /// Makes room for the heads that have more than one octet, from the last to the first.
    private mutating func widen() {
        var shift = self.wide.reduce(0) { $0 + Format.headWidth(Int($1.count)) - 1 }
        var end = self.writer.count
        let newEnd = end + shift
        for level in self.wide.sorted(by: { $0.head > $1.head }) {
            let head = Int(level.head)
            self.writer.move(from: head + 1, to: head + 1 + shift, count: end - head - 1)
            shift -= Format.headWidth(Int(level.count)) - 1
            self.writer.seek(head + shift)
            Format.writeHead(isDictionary: level.isDictionary, Int(level.count), to: &self.writer)
            end = head
        }
        self.writer.seek(newEnd)
    }

    // MARK: Values without others in them

    @inline(__always)
    private mutating func write(_ token: JSONScanner.Token) {
        switch token.kind {
        case .string:
            self.write(string: token, isKey: false)
        case .number:
            self.write(number: UnsafeRawBufferPointer(rebasing: self.source[token.start..<token.end]))
        case .bool:
            self.writer.write(Format.false + (self.source[token.start] == UInt8(ascii: "t") ? 1 : 0))
        case .null, .array, .object:
            self.writer.write(Format.null)
        }
    }

    @inline(__always)
    private mutating func write(number text: UnsafeRawBufferPointer) {
        let number = JSONNumber(text)
        if case .double(let double) = number, !double.isFinite {
            // Out of the range of doubles: infinity would be another number, and JSON does not have it.
            Format.writeTextHead(text.count, to: &self.writer)
            self.writer.write(text)
        } else {
            Format.write(number, to: &self.writer)
        }
    }

    @inline(__always)
    private mutating func write(string token: JSONScanner.Token, isKey: Bool) {
        if token.traits.contains(.escaped) {
            self.write(escaped: token, isKey: isKey)
        } else {
            let characters = UnsafeRawBufferPointer(rebasing: self.source[(token.start &+ 1)..<(token.end &- 1)])
            Format.writeTextHead(characters.count, to: &self.writer)
            self.writer.write(characters)
        }
    }

    /// A string with escapes, whose length is known only after decoding: binary, if possible. A key is always text.
    @inline(never)
    private mutating func write(escaped token: JSONScanner.Token, isKey: Bool) {
        // Behind the longest head; moved forward when the head's width is known.
        let distance = 5
        let place = self.writer.count + distance
        let room = self.writer.room(after: distance)
        let string = UnsafeRawBufferPointer(rebasing: self.source[token.start..<token.end])
        if !isKey, token.traits.contains(.containsNUL), JSON.beginsWithNUL(string),
            let count = JSON.binary(of: string, into: room)
        {
            Format.writeBinaryHead(count, to: &self.writer)
            self.writer.take(count, from: place)
            return
        }
        let count = JSON.unescape(UnsafeRawBufferPointer(rebasing: string[1..<(string.count - 1)]), into: room)
        Format.writeTextHead(count, to: &self.writer)
        self.writer.take(count, from: place)
    }
}

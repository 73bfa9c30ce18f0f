/// Makes JSON text from the elements of one message in a binary format, in one pass, without a tree and without
/// recursion.
///
/// The octets are hostile. What makes the message unreadable is thrown. What other peers can send through a router is
/// only noted in the element's traits, as in ``JSONScanner``, so that it harms one payload and not the session.
struct ValueDecoder<Reader: BinaryReader> {
    /// The state of an open list or dictionary.
    private struct Level: BitwiseCopyable {
        /// The number of values to come, two for each pair. For an indefinite length: the values so far, of which only
        /// the parity counts.
        var remaining: UInt32
        var isDictionary: Bool
        var isIndefinite: Bool
        var isFirst = true

        /// True if a key is next.
        var expectsKey: Bool { self.isDictionary && self.remaining & 1 == 0 }
        var closing: UInt8 { self.isDictionary ? UInt8(ascii: "}") : UInt8(ascii: "]") }
    }

    private var reader: Reader
    private var text: JSONTextWriter
    private var levels = LevelStack(filling: Level(remaining: 0, isDictionary: false, isIndefinite: false))
    private let depthLimit: Int

    /// The octets of text that were written.
    var count: Int { self.text.count }

    /// - Parameters:
    ///   - octets: the message.
    ///   - text: where the elements' text goes, one after the other.
    init(_ octets: UnsafeRawBufferPointer, text: JSONTextWriter, depthLimit: Int) {
        self.reader = Reader(octets)
        self.text = text
        self.depthLimit = depthLimit
    }

    /// Takes a whole message: a list of values with nothing behind it. The envelope's offsets refer to the text.
    ///
    /// - Returns: false if some element's text did not fit.
    mutating func message(into envelope: inout Envelope) throws(FormatError) -> Bool {
        var fits = true
        var remaining: Int?
        switch try self.reader.next(&self.text) {
        case .list(let count): remaining = count
        case .indefiniteList: remaining = nil
        case .null, .bool, .number, .text, .otherString, .dictionary, .indefiniteDictionary:
            throw FormatError(.notAList, at: 0)
        }
        while true {
            if let left = remaining {
                if left == 0 { break }
                remaining = left &- 1
            } else if self.reader.takeBreak() {
                break
            }
            let start = self.text.count
            let kind = try self.value()
            fits = fits && !self.text.isFull
            let traits = self.text.endElement(from: start)
            if !envelope.note(kind, traits, start: start, end: self.text.count) {
                self.text.truncate(to: start)
            }
        }
        guard self.reader.octets.remaining == 0 else {
            throw FormatError(.trailingOctets, at: self.reader.octets.index)
        }
        return fits
    }

    /// Takes one value with everything in it.
    private mutating func value() throws(FormatError) -> JSONKind {
        let first = try self.reader.next(&self.text)
        var isComplete = try self.take(first)
        while true {
            while isComplete {
                guard self.levels.depth > 0 else { return first.kind }
                isComplete = self.advance()
            }
            let level = self.levels.top
            if level.isIndefinite, self.reader.takeBreak() {
                guard !level.isDictionary || level.expectsKey else {
                    throw FormatError(.misplacedBreak, at: self.reader.octets.index &- 1)
                }
                self.close(level)
                isComplete = true
            } else {
                isComplete = try self.takeNext(in: level)
            }
        }
    }

    /// Takes the next value of an open list or dictionary.
    ///
    /// - Returns: true if it is complete.
    @inline(__always)
    private mutating func takeNext(in level: Level) throws(FormatError) -> Bool {
        if level.isDictionary, level.remaining & 1 != 0 {
            self.text.write(UInt8(ascii: ":"))
        } else if level.isFirst {
            self.levels.top.isFirst = false
        } else {
            self.text.write(UInt8(ascii: ","))
        }
        let item = try self.reader.next(&self.text)
        if level.expectsKey, item != .text { self.text.fault(.keyNotText) }
        return try self.take(item)
    }

    /// - Returns: true if the item is a whole value.
    @inline(__always)
    private mutating func take(_ item: BinaryItem) throws(FormatError) -> Bool {
        switch item {
        case .null, .bool, .number, .text, .otherString: true
        case .list(let count): try self.open(count, isDictionary: false)
        case .dictionary(let count): try self.open(count &* 2, isDictionary: true)
        case .indefiniteList: try self.open(nil, isDictionary: false)
        case .indefiniteDictionary: try self.open(nil, isDictionary: true)
        }
    }

    /// - Parameter count: the number of values in it; nil if it ends with a break.
    /// - Returns: true if it is complete, because it is empty.
    private mutating func open(_ count: Int?, isDictionary: Bool) throws(FormatError) -> Bool {
        let level = Level(
            remaining: UInt32(truncatingIfNeeded: count ?? 0), isDictionary: isDictionary, isIndefinite: count == nil)
        guard self.levels.depth < self.depthLimit else {
            self.text.fault(.tooDeep)
            var skipper = ValueSkipper(count)
            try skipper.skip(&self.reader, &self.text)
            return true
        }
        self.text.write(isDictionary ? UInt8(ascii: "{") : UInt8(ascii: "["))
        if count == 0 {
            self.text.write(level.closing)
            return true
        }
        self.levels.push(level)
        return false
    }

    /// Counts one more complete value of the innermost level.
    ///
    /// - Returns: true if that completes the level, which is then closed.
    @inline(__always)
    private mutating func advance() -> Bool {
        var level = self.levels.top
        if level.isIndefinite {
            level.remaining ^= 1
            self.levels.top = level
            return false
        }
        level.remaining &-= 1
        if level.remaining == 0 {
            self.close(level)
            return true
        }
        self.levels.top = level
        return false
    }

    @inline(__always)
    private mutating func close(_ level: Level) {
        self.text.write(level.closing)
        self.levels.pop()
    }
}

/// The same from memory to memory, for callers that have both: allocates nothing.
extension Base64 {
    /// How many characters so many octets become.
    package static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Writes the text of octets.
    ///
    /// - Returns: how many characters were written; 0 if there is no room for them.
    package static func encode(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int {
        let count = self.encodedCount(source.count)
        guard target.count >= count, let to = target.baseAddress, let from = source.baseAddress
        else { return 0 }
        let alphabet = unsafe self.alphabet.utf8Start
        var read = 0
        var written = 0
        while read &+ 3 <= source.count {
            let group = unsafe self.group(from, read, 3)
            unsafe self.write(group, 4, alphabet, to, written)
            read &+= 3
            written &+= 4
        }
        let rest = source.count &- read
        if rest > 0 {
            let group = unsafe self.group(from, read, rest)
            unsafe self.write(group, rest &+ 1, alphabet, to, written)
            for place in (rest &+ 1)..<4 {
                unsafe to.storeBytes(of: UInt8(ascii: "="), toByteOffset: written &+ place, as: UInt8.self)
            }
        }
        return count
    }

    /// Writes the octets of a text.
    ///
    /// - Returns: how many octets were written; nil if the text is not base64, if its padding is missing, or if there
    ///   is no room.
    package static func decode(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
        guard source.count.isMultiple(of: 4) else { return nil }
        guard source.count > 0, let from = source.baseAddress else { return 0 }
        var padding = 0
        while padding < 2,
            unsafe from.load(fromByteOffset: source.count &- 1 &- padding, as: UInt8.self) == UInt8(ascii: "=")
        {
            padding &+= 1
        }
        let count = source.count / 4 &* 3 &- padding
        guard target.count >= count else { return nil }
        guard let to = target.baseAddress else { return count == 0 ? 0 : nil }
        let values = unsafe self.values.utf8Start
        var read = 0
        var written = 0
        while read < source.count {
            let isLast = read &+ 4 == source.count
            let characters = isLast ? 4 &- padding : 4
            var group: UInt32 = 0
            var invalid: UInt8 = 0
            for place in 0..<4 {
                var value: UInt8 = 0
                if place < characters {
                    value = unsafe self.value(of: from.load(fromByteOffset: read &+ place, as: UInt8.self), values)
                }
                invalid |= value & 0x40
                group = group &<< 6 | UInt32(value & 0x3F)
            }
            guard invalid == 0 else { return nil }
            for place in 0..<(characters &- 1) {
                unsafe to.storeBytes(
                    of: UInt8(truncatingIfNeeded: group &>> UInt32(16 &- 8 &* place)), toByteOffset: written,
                    as: UInt8.self)
                written &+= 1
            }
            read &+= 4
        }
        return written
    }

    /// Whether a text is base64 as encoders write it: padded, and without bits behind the last octet.
    package static func isCanonical(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count.isMultiple(of: 4) else { return false }
        guard text.count > 0, let from = text.baseAddress else { return true }
        var padding = 0
        while padding < 2,
            unsafe from.load(fromByteOffset: text.count &- 1 &- padding, as: UInt8.self) == UInt8(ascii: "=")
        {
            padding &+= 1
        }
        let values = unsafe self.values.utf8Start
        var invalid: UInt8 = 0
        var value: UInt8 = 0
        for place in 0..<(text.count &- padding) {
            value = unsafe self.value(of: from.load(fromByteOffset: place, as: UInt8.self), values)
            invalid |= value & 0x40
        }
        return invalid == 0 && value & (padding == 2 ? 0x0F : padding == 1 ? 0x03 : 0) == 0
    }

    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// From "+" to "z": the value of each character, or "@" (no value has its bit 0x40) for other characters.
    private static let values: StaticString = """
        >@@@?456789:;<=@@@@@@@\
        \u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{A}\u{B}\u{C}\u{D}\u{E}\u{F}\
        \u{10}\u{11}\u{12}\u{13}\u{14}\u{15}\u{16}\u{17}\u{18}\u{19}@@@@@@\
        \u{1A}\u{1B}\u{1C}\u{1D}\u{1E}\u{1F}\u{20}\u{21}\u{22}\u{23}\u{24}\u{25}\u{26}\u{27}\u{28}\u{29}\
        \u{2A}\u{2B}\u{2C}\u{2D}\u{2E}\u{2F}\u{30}\u{31}\u{32}\u{33}
        """

    @inline(__always)
    private static func value(of character: UInt8, _ values: UnsafePointer<UInt8>) -> UInt8 {
        let index = character &- UInt8(ascii: "+")
        return index <= UInt8(ascii: "z") &- UInt8(ascii: "+") ? unsafe values[Int(index)] : 0x40
    }

    /// Up to three octets, the first one highest.
    @inline(__always)
    private static func group(_ source: UnsafeRawPointer, _ start: Int, _ count: Int) -> UInt32 {
        var group: UInt32 = 0
        for place in 0..<count {
            let octet = unsafe source.load(fromByteOffset: start &+ place, as: UInt8.self)
            group |= UInt32(octet) &<< UInt32(16 &- 8 &* place)
        }
        return group
    }

    @inline(__always)
    private static func write(
        _ group: UInt32, _ count: Int, _ alphabet: UnsafePointer<UInt8>, _ target: UnsafeMutableRawPointer, _ start: Int
    ) {
        for place in 0..<count {
            let value = Int(group &>> UInt32(18 &- 6 &* place)) & 63
            unsafe target.storeBytes(of: alphabet[value], toByteOffset: start &+ place, as: UInt8.self)
        }
    }
}

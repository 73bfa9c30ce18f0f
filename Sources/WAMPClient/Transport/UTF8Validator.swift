/// Checks text that arrives in pieces for UTF-8 (RFC 3629): surrogates, overlong forms and code points beyond U+10FFFF
/// are wrong, and each wrong octet is found when it arrives.
///
/// A value; sans I/O. WebSocket requires it for text messages and for a close frame's reason (RFC 6455 section 8.1).
struct UTF8Validator {
    /// The continuation octets that the current character still lacks.
    private var missing = 0
    /// The bounds of the next continuation octet: narrower behind some first octets.
    private var least: UInt8 = 0x80
    private var most: UInt8 = 0xBF

    /// True if the text so far does not end within a character.
    var isComplete: Bool { self.missing == 0 }

    /// Whether a whole text is UTF-8; faster than in pieces.
    static func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
        (try? UTF8Span(validating: text.bindMemory(to: UInt8.self).span)) != nil
    }

    /// Takes the next piece of the text; false if it can't be UTF-8 whatever follows. Not to be used after that.
    mutating func accept(_ piece: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < piece.count {
            if self.missing == 0 {
                index += Self.leadingASCII(piece, from: index)
                guard index < piece.count else { break }
            }
            guard self.accept(piece[index]) else { return false }
            index += 1
        }
        return true
    }

    private mutating func accept(_ octet: UInt8) -> Bool {
        guard self.missing == 0 else {
            guard (self.least...self.most).contains(octet) else { return false }
            self.missing -= 1
            (self.least, self.most) = (0x80, 0xBF)
            return true
        }
        switch octet {
        case 0x00...0x7F: break
        case 0xC2...0xDF: self.missing = 1
        case 0xE0: (self.missing, self.least) = (2, 0xA0)
        case 0xED: (self.missing, self.most) = (2, 0x9F)
        case 0xE1...0xEF: self.missing = 2
        case 0xF0: (self.missing, self.least) = (3, 0x90)
        case 0xF1...0xF3: self.missing = 3
        case 0xF4: (self.missing, self.most) = (3, 0x8F)
        default: return false
        }
        return true
    }

    /// How many octets from there on are certainly ASCII, counted in words.
    private static func leadingASCII(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while text.count - index >= 8,
            text.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
            index += 8
        }
        return index - start
    }
}

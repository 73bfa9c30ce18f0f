/// Remembers for each open bracket whether it opened an array or an object: one bit each.
///
/// The first 512 levels are held in place, so that scanning allocates nothing. Deeper ones (of hostile text, which is
/// refused in the end) take an octet for eight levels.
struct NestingStack {
    /// How many brackets are open.
    private(set) var depth = 0
    /// True if the innermost open bracket is an object's.
    private(set) var isObject = false

    private var words: InlineArray<8, UInt64> = .init(repeating: 0)
    private var deeperWords: [UInt64] = []

    /// How many levels are held in place.
    private static let inlineDepth = 512

    /// Opens a bracket.
    @inline(__always)
    mutating func push(isObject: Bool) {
        if self.depth < Self.inlineDepth {
            let bit = UInt64(1) &<< UInt64(self.depth & 63)
            if isObject {
                self.words[self.depth &>> 6] |= bit
            } else {
                self.words[self.depth &>> 6] &= ~bit
            }
        } else {
            self.pushDeeper(isObject: isObject)
        }
        self.depth &+= 1
        self.isObject = isObject
    }

    /// Closes the innermost bracket; at least one is open.
    @inline(__always)
    mutating func pop() {
        assert(self.depth > 0)
        self.depth &-= 1
        guard self.depth > 0 else { return }
        let top = self.depth &- 1
        if top < Self.inlineDepth {
            self.isObject = self.words[top &>> 6] & (UInt64(1) &<< UInt64(top & 63)) != 0
        } else {
            let deeper = top &- Self.inlineDepth
            self.isObject = self.deeperWords[deeper &>> 6] & (UInt64(1) &<< UInt64(deeper & 63)) != 0
        }
    }

    @inline(never)
    private mutating func pushDeeper(isObject: Bool) {
        let deeper = self.depth - Self.inlineDepth
        if deeper >> 6 == self.deeperWords.count {
            self.deeperWords.append(0)
        }
        let bit = UInt64(1) << UInt64(deeper & 63)
        if isObject {
            self.deeperWords[deeper >> 6] |= bit
        } else {
            self.deeperWords[deeper >> 6] &= ~bit
        }
    }
}

/// Characters that are not ASCII and follow one another.
enum UTF8Run {
    /// Where a run of them ends (RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF).
    ///
    /// - Parameters:
    ///   - start: where to begin.
    ///   - end: where the octets end.
    /// - Returns: the index of the first octet that is ASCII, or the end; or of the first octet that is not UTF-8.
    @inline(never)
    static func end(of base: UnsafeRawPointer, from start: Int, to end: Int) -> (index: Int, isValid: Bool) {
        var index = start
        while index < end {
            let first = self.load(base, index)
            if first < 0x80 { return (index, true) }
            let count: Int
            var least: UInt8 = 0x80
            var greatest: UInt8 = 0xBF
            switch first {
            case 0xC2...0xDF: count = 2
            case 0xE0:
                count = 3
                least = 0xA0
            case 0xE1...0xEC, 0xEE, 0xEF: count = 3
            case 0xED:
                count = 3
                greatest = 0x9F
            case 0xF0:
                count = 4
                least = 0x90
            case 0xF1...0xF3: count = 4
            case 0xF4:
                count = 4
                greatest = 0x8F
            default: return (index, false)
            }
            guard end &- index >= count else { return (index, false) }
            let second = self.load(base, index &+ 1)
            guard second >= least, second <= greatest else { return (index, false) }
            if count > 2, self.load(base, index &+ 2) & 0xC0 != 0x80 { return (index, false) }
            if count > 3, self.load(base, index &+ 3) & 0xC0 != 0x80 { return (index, false) }
            index &+= count
        }
        return (index, true)
    }

    /// The caller has checked that the index is below the end.
    @inline(__always)
    private static func load(_ base: UnsafeRawPointer, _ index: Int) -> UInt8 {
        base.load(fromByteOffset: index, as: UInt8.self)
    }
}

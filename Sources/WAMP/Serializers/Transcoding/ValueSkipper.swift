/// Passes over a list or dictionary that is nested too deeply, to where it ends, however deep it goes on.
///
/// What has a definite length adds to one counter, so only what has none is remembered: an octet or two for each, never
/// more than the message itself has. That a break does not part a pair is not looked at here.
struct ValueSkipper {
    /// Values that are to come in the innermost thing of indefinite length (or the outermost of all).
    private var pending: Int
    private let isIndefinite: Bool
    /// ``pending`` of the things of indefinite length around the innermost: seven bits an octet, the lowest last; the
    /// highest bit says that the octet before belongs to the same number.
    private var outer: [UInt8] = []

    /// Begins behind the head of what is to be passed over.
    ///
    /// - Parameter count: of the values in it, nil if it ends with a break.
    init(_ count: Int?) {
        self.pending = count ?? 0
        self.isIndefinite = count == nil
    }

    /// Takes all that is left of it.
    ///
    /// - Parameter text: one that takes nothing any more.
    mutating func skip<Reader: BinaryReader>(
        _ reader: inout Reader, _ text: inout JSONTextWriter
    ) throws(FormatError) {
        while self.pending > 0 || self.isIndefinite || !self.outer.isEmpty {
            if self.pending == 0, reader.takeBreak() {
                if self.outer.isEmpty { return }
                self.pop()
                continue
            }
            let item = try reader.next(&text)
            if self.pending > 0 { self.pending &-= 1 }
            switch item {
            case .null, .bool, .number, .text, .otherString: break
            // The counts were checked against the octets that are left, so the sum can't overflow.
            case .list(let count): self.pending &+= count
            case .dictionary(let count): self.pending &+= count &* 2
            case .indefiniteList, .indefiniteDictionary: self.push()
            }
        }
    }

    private mutating func push() {
        var groups = 1
        while self.pending >> (7 * groups) > 0 { groups += 1 }
        for place in (0..<groups).reversed() {
            let isContinued: UInt8 = place < groups - 1 ? 0x80 : 0
            self.outer.append(UInt8(truncatingIfNeeded: self.pending >> (7 * place)) & 0x7F | isContinued)
        }
        self.pending = 0
    }

    private mutating func pop() {
        var shift = 0
        self.pending = 0
        while let octet = self.outer.popLast() {
            self.pending |= Int(octet & 0x7F) << shift
            shift += 7
            if octet & 0x80 == 0 { return }
        }
    }
}

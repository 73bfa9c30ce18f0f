/// Skips a list or dictionary that is nested too deeply, to its end, however deep it goes on.
///
/// All definite lengths add to one counter, so only indefinite ones are remembered: an octet or two for each, never
/// more than the message itself has. A break within a pair is not noticed here.
struct ValueSkipper {
    /// Values to come in the innermost list or dictionary of indefinite length (or the outermost of all).
    private var pending: Int
    private let isIndefinite: Bool
    /// ``pending`` of the lists and dictionaries of indefinite length around the innermost: seven bits an octet, the
    /// lowest last. The highest bit says that the octet before belongs to the same number.
    private var outer: [UInt8] = []

    /// Begins behind the head of the list or dictionary to skip.
    ///
    /// - Parameter count: the number of values in it; nil if it ends with a break.
    init(_ count: Int?) {
        self.pending = count ?? 0
        self.isIndefinite = count == nil
    }

    /// Takes all that is left of it.
    ///
    /// - Parameter text: a writer that takes nothing more.
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

/// Behind which id the outbox has to be read, and which ids before that may still appear.
///
/// Ids are given out before their transactions commit. A scan may leave out an id only if its row has been read, or
/// can't appear any more. The latter is known of ids up to the *settled bound*: the highest id that was given out
/// before a transaction (a *mark*), once all transactions before that one have ended. In between, an id that was passed
/// over without a row is in a *gap*: each scan looks through the gaps, until what is in them has been read or is
/// settled. So one transaction that stays open does not make every scan walk over all that came after it again: rows
/// that were deleted stay in the index until that transaction ends. Gaps are as wide as it takes; what precedes the
/// first row of all is one too.
struct ScanBound {
    /// So many gaps are looked through; before the next one the bound stops.
    static let mostGaps = 500
    /// So many ids are passed over ahead of what is known to have been given out. A row behind more of them may have an
    /// id of its own, far above what the sequence will give.
    static let farthestLeap: Int64 = 500
    /// So many marks wait to be settled. More would come about only while a transaction stays open.
    static let mostMarks = 64

    /// Ids up to `last` were given out before transaction `horizon` began.
    struct Mark: Equatable {
        let last: Int64
        let horizon: UInt64
        /// Which sequence gave them.
        let sequence: Int64
    }

    /// Every id up to it has been read, or is in a gap, or can't appear any more. Nil: of no id anything is known.
    private(set) var floor: Int64?
    /// The ids up to `floor` that may still appear, in order. None touches the next.
    private(set) var gaps: [ClosedRange<Int64>] = []
    /// Nothing new can appear up to it.
    private(set) var settled: Int64?
    private(set) var marks: [Mark] = []
    /// The sequence of which all this is known.
    private(set) var sequence: Int64?
    /// The highest id that was read and may lie behind what is settled.
    private var highest: Int64 = .min
    /// Whether the rows of the scan under way have so far moved the floor.
    private var isExtending = false

    /// Ids up to it have been given out, as far as is known.
    private var given: Int64? { self.marks.last?.last ?? self.settled }

    /// Whether there are rows above what is settled.
    var isHeldBack: Bool { self.highest > self.settled ?? .min }

    /// Whether there are rows above what is settled and marked, or nothing is known yet: rows that are read before the
    /// first mark do not move the floor, and each scan would walk over them.
    var isMarkUseful: Bool {
        self.sequence == nil || self.isHeldBack && self.marks.last.map { $0.last < self.highest } ?? true
    }

    /// A scan begins.
    ///
    /// - Parameter isOfAll: whether it reads whatever is behind the floor; else its rows do not move it.
    mutating func scanBegan(isOfAll: Bool) {
        self.isExtending = isOfAll
    }

    /// A row has been read. Rows of one scan are told in the order of their ids, those of the gaps first.
    ///
    /// Returns whether it stays in a gap, since there is no room to divide that: the next scan finds it again unless it
    /// is deleted before.
    mutating func saw(_ id: Int64) -> Bool {
        self.highest = max(self.highest, id)
        if let floor = self.floor, id <= floor { return !self.gaps.isEmpty && !self.takeOut(id) }
        guard self.isExtending else { return false }
        if let floor = self.floor {
            self.isExtending = self.extend(from: floor, to: id)
        } else if let given = self.given, id <= given {
            self.floor = id
            if id > .min { self.gaps = [.min...(id - 1)] }
        } else {
            self.isExtending = false
        }
        return false
    }

    private mutating func extend(from floor: Int64, to id: Int64) -> Bool {
        if id - 1 > floor {
            let (leap, isTooFar) = (id - 1).subtractingReportingOverflow(floor)
            let isGiven = self.given.map { id <= $0 } ?? false
            guard self.gaps.count < Self.mostGaps, isGiven || !isTooFar && leap <= Self.farthestLeap else {
                return false
            }
            self.gaps.append((floor + 1)...(id - 1))
        }
        self.floor = id
        return true
    }

    /// Takes the id out of the gap that it is in, if any. Returns whether it is in none now.
    private mutating func takeOut(_ id: Int64) -> Bool {
        let index = self.place(of: id)
        guard index < self.gaps.count, self.gaps[index].contains(id) else { return true }
        let (low, high) = (self.gaps[index].lowerBound, self.gaps[index].upperBound)
        if low == high {
            self.gaps.remove(at: index)
        } else if id == low {
            self.gaps[index] = (id + 1)...high
        } else if id == high {
            self.gaps[index] = low...(id - 1)
        } else if self.gaps.count < Self.mostGaps {
            self.gaps[index] = low...(id - 1)
            self.gaps.insert((id + 1)...high, at: index + 1)
        } else {
            return false
        }
        return true
    }

    /// A scan of all topics has ended.
    ///
    /// - Parameter last: the id of its last row; nil if it found none. An empty scan has seen everything that is
    ///   settled, another one no more than up to its last row.
    mutating func scanEnded(last: Int64?) {
        guard let settled = self.settled else { return }
        let end = last.map { min($0, settled) } ?? settled
        self.floor = self.floor.map { max($0, end) } ?? end
        // What is settled and was looked for in vain is not there.
        self.gaps.removeFirst(self.gaps.prefix { $0.upperBound <= end }.count)
        if let first = self.gaps.first, first.contains(end) { self.gaps[0] = (end + 1)...first.upperBound }
    }

    /// A mark is in. That of another sequence voids all that was known.
    mutating func marked(_ mark: Mark) {
        if let sequence = self.sequence, sequence != mark.sequence { self.void() }
        self.sequence = mark.sequence
        // What was put in with an id of its own above all that were given out is waited for no longer.
        self.highest = min(self.highest, mark.last)
        if self.marks.count >= Self.mostMarks { self.marks.removeLast() }
        self.marks.append(mark)
    }

    /// All transactions below `oldest` have ended; every later scan sees what they did.
    mutating func horizonSeen(oldest: UInt64) {
        let count = self.marks.prefix { $0.horizon <= oldest }.count
        guard count > 0 else { return }
        self.settled = max(self.settled ?? .min, self.marks[count - 1].last)
        self.marks.removeFirst(count)
    }

    /// The sequence has been restarted or set back: of no id anything is known.
    mutating func void() {
        self = ScanBound()
    }

    /// Which gap is the first that does not end before the id.
    private func place(of id: Int64) -> Int {
        var (low, high) = (0, self.gaps.count)
        while low < high {
            let middle = (low + high) / 2
            if self.gaps[middle].upperBound < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

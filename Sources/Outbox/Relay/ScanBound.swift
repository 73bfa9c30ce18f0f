/// The id after which the outbox must be read, and the lower ids that may still appear.
///
/// Ids are assigned before their transactions commit. A scan may leave out an id only if its row has been read, or
/// can't appear any more. The latter is known of ids up to the *settled bound*: the highest id that was assigned before
/// a transaction (a *mark*), once all transactions before that one have ended. Above it, an id without a row that was
/// passed over is in a *gap*: each scan searches the gaps, until their rows have been read or they are settled. So one
/// transaction that stays open does not make every scan walk over all later rows again: rows that were deleted stay in
/// the index until that transaction ends. Gaps are as wide as necessary; the ids before the first row of all are one
/// too.
struct ScanBound {
    /// The most gaps that are searched; before the next one the bound stops.
    static let mostGaps = 500
    /// So many ids are passed over ahead of those that are known to be assigned. A row after more of them may have an
    /// explicit id, far above those that the sequence will assign.
    static let farthestLeap: Int64 = 500
    /// The most marks that wait to be settled. More would only come while a transaction stays open.
    static let mostMarks = 64

    /// Ids up to `last` were assigned before transaction `horizon` began.
    struct Mark: Equatable {
        let last: Int64
        let horizon: UInt64
        /// The sequence that assigned them.
        let sequence: Int64
    }

    /// Every id up to it has been read, or is in a gap, or can't appear any more. Nil: nothing is known of any id.
    private(set) var floor: Int64?
    /// The ids up to `floor` that may still appear, in order. No two ranges touch.
    private(set) var gaps: [ClosedRange<Int64>] = []
    /// No new row can appear up to it.
    private(set) var settled: Int64?
    private(set) var marks: [Mark] = []
    /// The sequence that all this knowledge belongs to.
    private(set) var sequence: Int64?
    /// The highest id that was read and may lie above the settled bound.
    private var highest: Int64 = .min
    /// Whether the rows of the scan under way have so far moved the floor.
    private var isExtending = false

    /// Ids up to it are known to be assigned.
    private var given: Int64? { self.marks.last?.last ?? self.settled }

    /// Whether there are rows above the settled bound.
    var isHeldBack: Bool { self.highest > self.settled ?? .min }

    /// Whether there are rows above the settled bound and the marks, or nothing is known yet: rows that are read before
    /// the first mark do not move the floor, and each scan would walk over them.
    var isMarkUseful: Bool {
        self.sequence == nil || self.isHeldBack && self.marks.last.map { $0.last < self.highest } ?? true
    }

    /// A scan begins.
    ///
    /// - Parameter isOfAll: whether it reads all rows above the floor; otherwise its rows do not move it.
    mutating func scanBegan(isOfAll: Bool) {
        self.isExtending = isOfAll
    }

    /// A row has been read. Rows of one scan come in the order of their ids, those of the gaps first.
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

    /// Removes the id from its gap, if it is in one. Returns whether it is in none now.
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
    /// - Parameter last: the id of its last row; nil if it found none. An empty scan has seen everything up to the
    ///   settled bound, another one only the ids up to its last row.
    mutating func scanEnded(last: Int64?) {
        guard let settled = self.settled else { return }
        let end = last.map { min($0, settled) } ?? settled
        self.floor = self.floor.map { max($0, end) } ?? end
        // A settled id that the scan did not find does not exist.
        self.gaps.removeFirst(self.gaps.prefix { $0.upperBound <= end }.count)
        if let first = self.gaps.first, first.contains(end) { self.gaps[0] = (end + 1)...first.upperBound }
    }

    /// A mark has come. That of another sequence voids all knowledge.
    mutating func marked(_ mark: Mark) {
        if let sequence = self.sequence, sequence != mark.sequence { self.void() }
        self.sequence = mark.sequence
        // Rows that were inserted with explicit ids above all assigned ones are not awaited any more.
        self.highest = min(self.highest, mark.last)
        if self.marks.count >= Self.mostMarks { self.marks.removeLast() }
        self.marks.append(mark)
    }

    /// All transactions below `oldest` have ended; every later scan sees their rows.
    mutating func horizonSeen(oldest: UInt64) {
        let count = self.marks.prefix { $0.horizon <= oldest }.count
        guard count > 0 else { return }
        self.settled = max(self.settled ?? .min, self.marks[count - 1].last)
        self.marks.removeFirst(count)
    }

    /// The sequence has been restarted or set back: nothing is known of any id.
    mutating func void() {
        self = ScanBound()
    }

    /// The index of the first gap that does not end before the id.
    private func place(of id: Int64) -> Int {
        var (low, high) = (0, self.gaps.count)
        while low < high {
            let middle = (low + high) / 2
            if self.gaps[middle].upperBound < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Behind which id the outbox has to be read, and which ids before that may still appear.
///
/// Ids are given out before their transactions commit. A scan may leave out an id only if its row has been read, or can't
/// appear any more. The latter is known of ids up to the *settled bound*: the highest id that was given out before a
/// transaction (a *mark*), once all transactions before that one have ended. In between, an id that was passed over without a
/// row is a *gap*: it is looked for by each scan, until it has been read or is settled. So one transaction that stays open does
/// not make every scan read all that came after it again.
struct ScanBound {
    /// So many gaps are looked for; before the next one the bound stops.
    static let mostGaps = 500
    /// So many marks wait to be settled. More would come about only while a transaction stays open.
    static let mostMarks = 64

    /// Ids up to `last` were given out before transaction `horizon` began.
    struct Mark: Equatable {
        let last: Int64
        let horizon: UInt64
        /// Which sequence gave them.
        let sequence: Int64
    }

    /// Every id up to it has been read, or is a gap, or can't appear any more. Nil: of no id anything is known.
    private(set) var floor: Int64?
    /// The ids up to `floor` that may still appear, in order.
    private(set) var gaps: [Int64] = []
    /// Nothing new can appear up to it.
    private(set) var settled: Int64?
    private(set) var marks: [Mark] = []
    /// The sequence of which all this is known.
    private(set) var sequence: Int64?
    /// The highest id that was read and may lie behind what is settled.
    private var highest: Int64 = .min
    /// Whether the rows of the scan under way have so far moved the floor.
    private var isExtending = true

    /// Whether there are rows above what is settled and marked.
    var isMarkUseful: Bool {
        self.highest > self.settled ?? .min && self.marks.last.map { $0.last < self.highest } ?? true
    }

    /// A scan begins.
    ///
    /// - Parameter isOfAll: whether it reads whatever is behind the floor; else its rows do not move it.
    mutating func scanBegan(isOfAll: Bool) {
        self.isExtending = isOfAll
    }

    /// A row has been read. Rows of one scan are told in the order of their ids, the gaps first.
    mutating func saw(_ id: Int64) {
        self.highest = max(self.highest, id)
        guard let floor = self.floor else { return }
        if id <= floor {
            let index = self.place(of: id)
            if index < self.gaps.count, self.gaps[index] == id { self.gaps.remove(at: index) }
            return
        }
        guard self.isExtending else { return }
        let (distance, isTooFar) = id.subtractingReportingOverflow(floor)
        guard !isTooFar, distance - 1 <= Int64(Self.mostGaps - self.gaps.count) else {
            self.isExtending = false
            return
        }
        self.gaps.append(contentsOf: (floor + 1)..<id)
        self.floor = id
    }

    /// A scan of all topics has ended.
    ///
    /// - Parameter last: the id of its last row; nil if it found none. An empty scan has seen everything that is settled,
    ///   another one no more than up to its last row.
    mutating func scanEnded(last: Int64?) {
        guard let settled = self.settled else { return }
        let end = last.map { min($0, settled) } ?? settled
        self.floor = self.floor.map { max($0, end) } ?? end
        // What is settled and was looked for in vain is not there.
        self.gaps.removeFirst(end == .max ? self.gaps.count : self.place(of: end + 1))
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

    /// Where in the gaps an id is, or would be.
    private func place(of id: Int64) -> Int {
        var (low, high) = (0, self.gaps.count)
        while low < high {
            let middle = (low + high) / 2
            if self.gaps[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

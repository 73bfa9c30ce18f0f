import NIOCore

/// When the outbox is read, and from where; when the relay sleeps, and how it is woken.
///
/// Two rules carry it. Order: ids are given out before their transactions commit, so a scan begins behind an id only if nothing at or below
/// that id can still appear (the *settled bound*), and at the live edge what was read is deleted before the next scan. Sleep: the relay holds
/// the wake lock only while it sleeps, and scans once more after it got it, in a later statement; so a writer that got the lock shared, and
/// therefore does not notify, is never overlooked.
///
/// The driver does what ``next(at:)`` says after everything that it tells, until that is to wait.
struct RelayStateMachine: ~Copyable {
    /// How long without rows before it tries to sleep.
    static let linger = TimeAmount.milliseconds(20)
    /// Between a scan that found few rows and the next.
    static let pace = TimeAmount.milliseconds(1)
    /// Between scans that each find more than a few rows: what a scan costs is shared by more of them.
    static let busyPace = TimeAmount.milliseconds(5)
    static let few = 4
    /// Between scans that found nothing; doubling from `pace`.
    static let longestPause = TimeAmount.milliseconds(10)
    /// How often it scans while asleep, whatever happens.
    static let backstop = TimeAmount.seconds(1)
    /// How often a scan while asleep begins at the first row: rows that were put in with ids of their own are found by it.
    static let fullScanInterval = TimeAmount.seconds(30)
    /// How often the bound is moved while there is work.
    static let markInterval = TimeAmount.milliseconds(100)
    /// After so many deletions an empty table is truncated.
    static let truncateAfter = 50_000
    /// While more octets than this are under way nothing more is read.
    static let mostOctets = 1 << 20

    /// What to do now.
    enum Step: Equatable {
        /// Send one scan of the rows above this id; ahead of it the question for a mark, if one is due, and for the horizon, if marks wait.
        case read(after: Int64, mark: Bool, horizon: Bool)
        /// Try to get the wake lock.
        case tryLock
        /// Give it back.
        case unlock
        /// Truncate the table if it is empty.
        case truncate
        /// Nothing before this time, unless something happens.
        case wait(until: NIODeadline)
        /// Nothing before something happens.
        case nothing
    }

    private enum State {
        case stopped
        /// Scans in turn.
        case awake
        /// The lock has been asked for.
        case locking
        /// It has the lock, and scans once more before it sleeps.
        case lastScan
        case asleep
    }

    /// Ids up to `last` were given out before transaction `horizon` began.
    private struct Mark {
        let last: Int64
        let horizon: UInt64
    }

    private let batch: Int
    private var state = State.stopped
    private var isReading = false
    private var isTruncating = false
    /// Nothing at or below it is left to be read.
    private var floor: Int64 = 0
    /// Nothing new can appear at or below it.
    private var settled: Int64 = 0
    private var marks: [Mark] = []
    private var lastMark: NIODeadline = .distantPast
    private var isMarkSeen = true
    /// The highest id that was read.
    private var highest: Int64 = 0
    private var lastRows: NIODeadline = .distantPast
    private var pause = Self.pace
    private var nextRead: NIODeadline = .distantPast
    private var nextBackstop: NIODeadline = .distantPast
    private var nextFullScan: NIODeadline = .distantPast
    private var isWoken = false
    private var isRescanWanted = false
    private var isUnlockDue = false
    private var deletions = 0
    private var octetsUnderWay = 0

    /// Rows that a scan found while asleep, not woken: their writers did not notify, or the notification was on its way.
    private(set) var foundAsleep = 0
    /// Rows that were read and are not out of the table yet, as far as is known.
    private(set) var underWay = 0

    /// - Parameter batch: the most rows of one scan.
    init(batch: Int) {
        self.batch = batch
    }

    /// Whether nothing is to be done until it is woken.
    var isAsleep: Bool {
        switch self.state {
        case .asleep: !self.isReading && !self.isTruncating
        case .stopped, .awake, .locking, .lastScan: false
        }
    }

    /// Whether it holds the wake lock.
    var isHoldingLock: Bool {
        switch self.state {
        case .lastScan, .asleep: true
        case .stopped, .awake, .locking: false
        }
    }

    // MARK: - What happens

    /// The session listens, and there is a router: from the first row on.
    mutating func started(at now: NIODeadline) {
        let deletions = self.deletions
        self = RelayStateMachine(batch: self.batch)
        self.deletions = deletions
        self.state = .awake
        self.lastRows = now
        self.nextFullScan = now + Self.fullScanInterval
    }

    /// The session at the database is gone, or that with the router: what was under way is read again later.
    mutating func stopped() {
        self.state = .stopped
        self.isReading = false
        self.underWay = 0
        self.octetsUnderWay = 0
    }

    /// A mark is in: `last` was the highest id when transaction `horizon` had not begun.
    mutating func marked(last: Int64, horizon: UInt64) {
        self.isMarkSeen = true
        self.marks.append(Mark(last: last, horizon: horizon))
    }

    /// All transactions below `oldest` have ended; every later scan sees what they did.
    ///
    /// To be told before the rows of the scan that was sent behind the question.
    mutating func horizonSeen(oldest: UInt64) {
        while let first = self.marks.first, first.horizon <= oldest {
            self.settled = max(self.settled, first.last)
            self.marks.removeFirst()
        }
    }

    /// A row has been read. What becomes of it has to be told by ``finished(_:octets:)`` or ``putBack(octets:)``.
    mutating func rowRead(id: Int64, octets: Int) {
        self.underWay += 1
        self.octetsUnderWay += octets
        self.highest = max(self.highest, id)
    }

    /// A row has been read that must wait, and stays in the table.
    mutating func rowSkipped(id: Int64) {
        self.highest = max(self.highest, id)
    }

    /// The scan is at its end.
    ///
    /// - Parameters:
    ///   - rows: how many it found, the skipped ones among them.
    ///   - last: the id of its last row.
    mutating func readEnded(rows: Int, last: Int64, at now: NIODeadline) {
        self.isReading = false
        // An empty scan has seen everything that is settled; another one no more than up to its last row.
        self.floor = max(self.floor, rows == 0 ? self.settled : min(last, self.settled))
        switch self.state {
        case .stopped, .locking:
            break
        case .awake:
            if rows > 0 {
                self.lastRows = now
                self.pause = Self.pace
                self.nextRead = rows * 2 >= self.batch ? now : now + (rows > Self.few ? Self.busyPace : Self.pace)
            } else {
                self.nextRead = now + self.pause
                self.pause = min(self.pause + self.pause, Self.longestPause)
            }
        case .lastScan:
            if rows > 0 { self.wakeUp(now) } else { self.fallAsleep(now) }
        case .asleep:
            if rows > 0 {
                self.foundAsleep += rows
                self.wakeUp(now)
            }
        }
    }

    /// The scan could not be made, and found nothing: somebody has locked the table.
    mutating func readFailed(at now: NIODeadline) {
        self.isReading = false
        self.isUnlockDue = self.isUnlockDue || self.isHoldingLock
        switch self.state {
        case .stopped, .locking: break
        case .awake, .lastScan, .asleep:
            self.state = .awake
            self.nextRead = now + Self.backstop
            self.lastRows = now
        }
    }

    /// So many rows are out of the table: the statements that remove them have been sent, ahead of any later scan.
    mutating func finished(_ rows: Int, octets: Int) {
        self.underWay -= rows
        self.octetsUnderWay -= octets
        self.deletions += rows
    }

    /// A row that was read stays in the table for now. It is read again after ``rescan()``.
    mutating func putBack(octets: Int) {
        self.underWay -= 1
        self.octetsUnderWay -= octets
    }

    mutating func lockAnswered(_ isOurs: Bool, at now: NIODeadline) {
        switch self.state {
        case .locking:
            if isOurs {
                self.state = .lastScan
            } else {
                // A writer is under way that counts on the relay being awake.
                self.state = .awake
                self.nextRead = now
                self.lastRows = now
            }
        case .stopped, .awake, .lastScan, .asleep:
            break
        }
    }

    mutating func truncated() {
        self.isTruncating = false
    }

    /// A notification came.
    mutating func notified() {
        self.isWoken = true
    }

    /// Rows that were skipped may be read now: once nothing is under way, from the first row on.
    mutating func rescan() {
        self.isRescanWanted = true
    }

    // MARK: - What to do

    mutating func next(at now: NIODeadline) -> Step {
        guard !self.isReading, !self.isTruncating else { return .nothing }
        switch self.state {
        case .stopped, .locking:
            return .nothing
        case .lastScan:
            return self.read(at: now)
        case .asleep:
            if self.isWoken || self.isRescanWanted {
                self.wakeUp(now)
                self.isUnlockDue = false
                return .unlock
            }
            if self.deletions >= Self.truncateAfter {
                self.deletions = 0
                self.isTruncating = true
                return .truncate
            }
            guard now >= self.nextBackstop else { return .wait(until: self.nextBackstop) }
            self.nextBackstop = now + Self.backstop
            if now >= self.nextFullScan {
                self.nextFullScan = now + Self.fullScanInterval
                self.floor = 0
            }
            return self.read(at: now)
        case .awake:
            if self.isUnlockDue {
                self.isUnlockDue = false
                return .unlock
            }
            return self.nextAwake(at: now)
        }
    }

    private mutating func nextAwake(at now: NIODeadline) -> Step {
        if self.isRescanWanted {
            guard self.underWay == 0 else { return .nothing }
            self.isRescanWanted = false
            self.floor = 0
            self.highest = 0
            return self.read(at: now)
        }
        // At the live edge a scan would find again what has not been deleted.
        let mayReadAhead =
            self.highest <= self.floor && self.underWay < self.batch && self.octetsUnderWay < Self.mostOctets
        guard self.underWay == 0 || mayReadAhead else { return .nothing }
        if self.isWoken {
            self.isWoken = false
            return self.read(at: now)
        }
        guard now >= self.nextRead else { return .wait(until: self.nextRead) }
        if self.underWay == 0, now - self.lastRows >= Self.linger, self.pause > Self.pace {
            self.state = .locking
            return .tryLock
        }
        return self.read(at: now)
    }

    private mutating func read(at now: NIODeadline) -> Step {
        self.isReading = true
        let isMarkDue = self.isMarkSeen && now - self.lastMark >= Self.markInterval && self.isMarkUseful
        if isMarkDue {
            self.isMarkSeen = false
            self.lastMark = now
        }
        return .read(after: self.floor, mark: isMarkDue, horizon: isMarkDue || !self.marks.isEmpty)
    }

    /// A mark costs a transaction id: none is taken while nothing happens.
    private var isMarkUseful: Bool {
        switch self.state {
        case .awake: self.highest > self.settled && self.marks.last.map { $0.last < self.highest } ?? true
        case .stopped, .locking, .lastScan, .asleep: false
        }
    }

    private mutating func wakeUp(_ now: NIODeadline) {
        self.isUnlockDue = self.isHoldingLock
        self.state = .awake
        self.isWoken = false
        self.lastRows = now
        self.pause = Self.pace
        self.nextRead = now
    }

    private mutating func fallAsleep(_ now: NIODeadline) {
        self.state = .asleep
        self.nextBackstop = now + Self.backstop
    }
}

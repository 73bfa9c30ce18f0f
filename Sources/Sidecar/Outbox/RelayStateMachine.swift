import NIOCore

/// When the outbox is read, and from where; when the relay sleeps, and how it is woken.
///
/// Two rules carry it. Order: ids are given out before their transactions commit, so a scan leaves out an id only if its row
/// has been read or can't appear any more (``ScanBound``), and what a scan may find again is deleted before the next. Sleep:
/// the relay holds the wake lock only while it sleeps, and scans once more after it got it, in a later statement; so a writer
/// that got the lock shared, and therefore does not notify, is never overlooked.
///
/// Beside the ordinary scans, in turn with them, it reads what ``HeldTopics`` wants to try again. While some event is suspected
/// to end the session (``SuspectEvents``) there is only one under way.
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
    /// A scan that took longer than this and was not full is followed by a pause of ``costFactor`` times as long.
    static let dearScan = TimeAmount.milliseconds(5)
    static let costFactor: Int64 = 3
    /// Between scans that found nothing; doubling from `pace`.
    static let longestPause = TimeAmount.milliseconds(10)
    /// The longest pause of all.
    static let mostPause = TimeAmount.milliseconds(300)
    /// How often it scans while asleep, whatever happens.
    static let backstop = TimeAmount.seconds(1)
    /// How often a scan begins at the first row: rows that were put in with ids of their own are found by it.
    static let fullScanInterval = TimeAmount.seconds(30)
    /// How often the bound is moved while there is work.
    static let markInterval = TimeAmount.milliseconds(100)
    /// A bound that a transaction has kept where it is for so long is worth a question who that is, as often.
    static let holderInterval = TimeAmount.minutes(1)
    /// After so many deletions an empty table is truncated.
    static let truncateAfter = 50_000
    /// While more octets than this are under way nothing more is read.
    static let mostOctets = 1 << 20

    /// What to do now.
    enum Step: Equatable {
        /// Send one scan; ahead of it the question for a mark, if one is due, and for the horizon, if marks wait.
        case read(RelayScan, mark: Bool, horizon: Bool)
        /// Ask which transaction keeps the bound where it is.
        case askForHolder
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

    private let batch: Int
    private var state = State.stopped
    private var reading: RelayScan.Kind?
    private var readBegan: NIODeadline = .distantPast
    private var idsRead: Set<Int64> = []
    private var isTruncating = false
    private var bound = ScanBound()
    /// Those of which nothing is published for now.
    private(set) var held: HeldTopics
    private var suspects: SuspectEvents
    private var lastMark: NIODeadline = .distantPast
    private var isMarkSeen = true
    /// Since when marks wait to be settled.
    private var heldBackSince: NIODeadline?
    private var lastHolderQuestion: NIODeadline = .distantPast
    /// The highest id of those under way; the highest of all while the next scan would find one of them again.
    private var highest: Int64 = .min
    private var lastRows: NIODeadline = .distantPast
    private var pause = Self.pace
    private var nextRead: NIODeadline = .distantPast
    private var nextBackstop: NIODeadline = .distantPast
    private var nextFullScan: NIODeadline = .distantPast
    private var isWoken = false
    private var isRescanWanted = false
    /// Whether it is the held topics' turn.
    private var isTurnOfHeld = false
    private var isUnlockDue = false
    private var deletions = 0
    private var octetsUnderWay = 0
    /// By the scan that is under way, or was the last.
    private var octetsRead = 0

    /// Rows that a scan found while asleep, not woken: their writers did not notify, or the notification was on its way.
    private(set) var foundAsleep = 0
    /// Rows that were read and are not out of the table yet, as far as is known.
    private(set) var underWay = 0

    /// - Parameters:
    ///   - batch: the most rows of one scan.
    ///   - attempts: how often an event is tried before it is given up.
    init(batch: Int, attempts: Int) {
        self.batch = batch
        self.held = HeldTopics(attempts: attempts)
        self.suspects = SuspectEvents(attempts: attempts)
        self.attempts = attempts
    }

    private let attempts: Int

    /// Whether nothing is to be done until it is woken.
    var isAsleep: Bool {
        switch self.state {
        case .asleep: self.reading == nil && !self.isTruncating
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

    /// Whether only one event may be under way.
    var sendsOneAtATime: Bool { self.suspects.areSentAlone }

    /// Whether one of these was under way when a session with the router ended before.
    func isAnySuspect(_ ids: some Collection<Int64>) -> Bool { ids.contains(where: self.suspects.isSuspect) }

    // MARK: - What happens

    /// The session listens, and there is a router: from the first row on.
    mutating func started(at now: NIODeadline) {
        let (deletions, suspects) = (self.deletions, self.suspects)
        self = RelayStateMachine(batch: self.batch, attempts: self.attempts)
        self.deletions = deletions
        self.suspects = suspects
        self.state = .awake
        self.lastRows = now
        self.nextFullScan = now + Self.fullScanInterval
    }

    /// The session at the database is gone, or that with the router: what was under way is read again later.
    mutating func stopped() {
        self.state = .stopped
        self.reading = nil
        self.underWay = 0
        self.octetsUnderWay = 0
    }

    /// The session with the router ended before it said anything about these. Returns the one that is not to be sent again, if
    /// any, and how many sessions ended while it was alone under way.
    mutating func routerLost(underWay ids: some Collection<Int64>) -> (id: Int64, sessions: Int)? {
        self.suspects.sessionEnded(underWay: ids)
    }

    /// A mark is in: `last` was the highest id when transaction `horizon` had not begun.
    mutating func marked(last: Int64, horizon: UInt64, sequence: Int64, at now: NIODeadline) {
        self.isMarkSeen = true
        if self.bound.marks.isEmpty { self.heldBackSince = now }
        let known = self.bound.sequence
        self.bound.marked(ScanBound.Mark(last: last, horizon: horizon, sequence: sequence))
        if let known, known != sequence { self.idsAreVoid() }
    }

    /// All transactions below `oldest` have ended; every later scan sees what they did.
    ///
    /// To be told before the rows of the scan that was sent behind the question.
    mutating func horizonSeen(oldest: UInt64, at now: NIODeadline) {
        let settled = self.bound.settled
        self.bound.horizonSeen(oldest: oldest)
        if self.bound.marks.isEmpty {
            self.heldBackSince = nil
        } else if self.bound.settled != settled {
            self.heldBackSince = now
        }
    }

    /// The scan says that the sequence was restarted or set back; it has no rows.
    mutating func sequenceWentBack() {
        self.bound.void()
        self.idsAreVoid()
    }

    private mutating func idsAreVoid() {
        self.held.void()
        self.suspects.removeAll()
        self.heldBackSince = nil
        self.isRescanWanted = true
    }

    /// A row has been read. Returns whether it is to be published: then what becomes of it has to be told by
    /// ``settled(_:topic:)``, ``finished(_:octets:)`` or ``refused(_:topic:reason:octets:at:)``. Else it stays in the table for now.
    mutating func rowRead(id: Int64, topic: String, octets: Int) -> Bool {
        let isFoundAgain = self.bound.saw(id)
        self.octetsRead += octets
        switch self.reading {
        case .ordinary, .full:
            guard !self.held.isHeld(topic) else { return false }
        case .probes, .backlog:
            self.idsRead.insert(id)
            guard self.held.isFree(topic) else { return false }
        case nil:
            return false
        }
        self.underWay += 1
        self.octetsUnderWay += octets
        self.highest = max(self.highest, isFoundAgain ? .max : id)
        return true
    }

    /// The scan is at its end.
    ///
    /// - Parameters:
    ///   - rows: how many it found, those that wait among them.
    ///   - last: the id of its last row.
    mutating func readEnded(rows: Int, last: Int64?, at now: NIODeadline) {
        guard let kind = self.reading else { return }
        self.reading = nil
        switch kind {
        case .ordinary, .full:
            if !self.isRescanWanted { self.bound.scanEnded(last: last) }
            // What lies between is read by the next.
            if kind == .full, rows >= self.rows, last ?? .max < self.bound.floor ?? .min { self.nextFullScan = now }
        case .probes:
            self.held.probesRead(self.idsRead)
        case .backlog:
            self.held.backlogRead(last: last)
        }
        switch self.state {
        case .stopped, .locking:
            break
        case .awake:
            if kind == .ordinary || kind == .full { self.paceAwake(rows: rows, at: now) } else { self.lastRows = now }
        case .lastScan:
            if rows > 0 { self.wakeUp(now) } else { self.fallAsleep(now) }
        case .asleep:
            if rows > 0 {
                self.foundAsleep += rows
                self.wakeUp(now)
            }
        }
    }

    private mutating func paceAwake(rows: Int, at now: NIODeadline) {
        let cost = now - self.readBegan
        let rest =
            cost > Self.dearScan ? min(.nanoseconds(cost.nanoseconds * Self.costFactor), Self.mostPause) : .zero
        if rows > 0 {
            self.lastRows = now
            self.pause = Self.pace
            // A scan is at its end where it has found enough rows, or large ones: what it costs it is worth.
            let isFull =
                rows * 2 >= self.batch || self.octetsRead * 2 >= RelayStatements.octets || self.sendsOneAtATime
            self.nextRead = isFull ? now : now + max(rows > Self.few ? Self.busyPace : Self.pace, rest)
        } else {
            self.nextRead = now + max(self.pause, rest)
            self.pause = min(self.pause + self.pause, Self.longestPause)
        }
    }

    /// The scan could not be made, and found nothing: somebody has locked the table.
    mutating func readFailed(at now: NIODeadline) {
        if self.reading == .probes { self.held.probesFailed() }
        self.reading = nil
        self.isUnlockDue = self.isUnlockDue || self.isHoldingLock
        switch self.state {
        case .stopped, .locking: break
        case .awake, .lastScan, .asleep:
            self.state = .awake
            self.nextRead = now + Self.backstop
            self.lastRows = now
        }
    }

    /// The router has the event, or it is given up for good. Returns how many topics that were held need wait no longer.
    mutating func settled(_ id: Int64, topic: String) -> Int {
        self.suspects.settled(id)
        return self.held.settled(id, topic: topic)
    }

    /// So many rows are out of the table: the statements that remove them have been sent, ahead of any later scan.
    mutating func finished(_ rows: Int, octets: Int) {
        self.underWay -= rows
        self.octetsUnderWay -= octets
        self.deletions += rows
        if self.underWay == 0 { self.highest = .min }
    }

    /// The router refuses a row for the moment. It stays in the table, unless it is given up: then it is still under way.
    mutating func refused(
        _ id: Int64, topic: String, reason: String, octets: Int, at now: NIODeadline
    ) -> HeldTopics.Verdict {
        self.suspects.settled(id)
        let verdict = self.held.refused(
            id, topic: topic, reason: reason, settled: self.bound.settled, at: now)
        switch verdict {
        case .isGivenUp: break
        case .waits, .waitsAsGroup, .follows:
            self.underWay -= 1
            self.octetsUnderWay -= octets
            if self.underWay == 0 { self.highest = .min }
        }
        return verdict
    }

    mutating func lockAnswered(_ isOurs: Bool, at now: NIODeadline) {
        switch self.state {
        case .locking:
            if isOurs {
                self.state = .lastScan
            } else {
                // A writer is under way that counts on the relay being awake.
                self.state = .awake
                self.nextRead = max(now, self.nextRead)
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

    // MARK: - What to do

    mutating func next(at now: NIODeadline) -> Step {
        guard self.reading == nil, !self.isTruncating else { return .nothing }
        if self.isHolderWanted(at: now) {
            self.lastHolderQuestion = now
            return .askForHolder
        }
        switch self.state {
        case .stopped, .locking:
            return .nothing
        case .lastScan:
            return self.read(.ordinary, at: now)
        case .asleep:
            return self.nextAsleep(at: now)
        case .awake:
            if self.isUnlockDue {
                self.isUnlockDue = false
                return .unlock
            }
            return self.nextAwake(at: now)
        }
    }

    private mutating func nextAsleep(at now: NIODeadline) -> Step {
        let retry = self.held.next ?? .distantFuture
        if self.isWoken || self.isRescanWanted || retry <= now {
            self.wakeUp(now)
            self.isUnlockDue = false
            return .unlock
        }
        if self.deletions >= Self.truncateAfter {
            self.deletions = 0
            self.isTruncating = true
            return .truncate
        }
        guard now >= self.nextBackstop else { return .wait(until: min(self.nextBackstop, retry)) }
        self.nextBackstop = now + Self.backstop
        return self.read(now >= self.nextFullScan ? .full : .ordinary, at: now)
    }

    private mutating func nextAwake(at now: NIODeadline) -> Step {
        if self.isRescanWanted {
            guard self.underWay == 0 else { return .nothing }
            self.isRescanWanted = false
            return self.read(.full, at: now)
        }
        let retry = self.held.next ?? .distantFuture
        if retry <= now, self.isTurnOfHeld || self.held.isFull {
            // What they have in the table may be under way, as long as anything is.
            guard self.underWay == 0 else { return .nothing }
            self.isTurnOfHeld = false
            if let step = self.readHeld(at: now) { return step }
        }
        // At the live edge a scan would find again what has not been deleted.
        let mayReadAhead =
            self.highest <= self.bound.floor ?? .min && self.underWay < (self.sendsOneAtATime ? 1 : self.batch)
            && self.octetsUnderWay < Self.mostOctets
        guard self.underWay == 0 || mayReadAhead else { return .nothing }
        if self.held.isFull { return retry == .distantFuture ? .nothing : .wait(until: retry) }
        self.isTurnOfHeld = true
        if self.isWoken {
            self.isWoken = false
            return self.read(.ordinary, at: now)
        }
        guard now >= self.nextRead else {
            return .wait(until: retry <= now ? self.nextRead : min(self.nextRead, retry))
        }
        if self.underWay == 0, now >= self.nextFullScan { return self.read(.full, at: now) }
        if self.underWay == 0, now - self.lastRows >= Self.linger, self.pause > Self.pace {
            self.state = .locking
            return .tryLock
        }
        return self.read(.ordinary, at: now)
    }

    private mutating func readHeld(at now: NIODeadline) -> Step? {
        let most = self.sendsOneAtATime ? 1 : HeldTopics.mostProbes
        while let reading = self.held.reading(at: now, most: most) {
            switch reading {
            case .probes(let ids):
                return self.read(
                    .probes, behind: nil, upTo: nil, ranges: ids.map { $0...$0 }, rows: ids.count, at: now)
            case .backlog(let behind):
                guard let floor = self.bound.floor, behind ?? .min < floor else {
                    // The ordinary scans will find all of it.
                    self.held.backlogRead(last: nil)
                    continue
                }
                return self.read(.backlog, behind: behind, upTo: floor, ranges: [], rows: self.rows, at: now)
            }
        }
        return nil
    }

    private var rows: Int { self.sendsOneAtATime ? 1 : self.batch }

    private mutating func read(_ kind: RelayScan.Kind, at now: NIODeadline) -> Step {
        if kind == .full {
            self.nextFullScan = now + Self.fullScanInterval
            return self.read(kind, behind: nil, upTo: .max, ranges: [], rows: self.rows, at: now)
        }
        return self.read(
            kind, behind: self.bound.floor, upTo: .max, ranges: self.bound.gaps, rows: self.rows, at: now)
    }

    private mutating func read(
        _ kind: RelayScan.Kind, behind: Int64?, upTo: Int64?, ranges: [ClosedRange<Int64>], rows: Int,
        at now: NIODeadline
    ) -> Step {
        self.reading = kind
        self.readBegan = now
        self.octetsRead = 0
        self.idsRead.removeAll(keepingCapacity: true)
        self.bound.scanBegan(isOfAll: kind == .ordinary || kind == .full)
        let isMarkDue = self.isMarkSeen && now - self.lastMark >= Self.markInterval && self.isMarkUseful
        if isMarkDue {
            self.isMarkSeen = false
            self.lastMark = now
        }
        let scan = RelayScan(
            kind: kind, behind: behind, upTo: upTo, ranges: ranges, rows: rows,
            sequence: behind == nil ? nil : self.bound.sequence)
        return .read(scan, mark: isMarkDue, horizon: isMarkDue || !self.bound.marks.isEmpty)
    }

    /// A mark costs a transaction id: but for the first none is taken while nothing happens.
    private var isMarkUseful: Bool {
        switch self.state {
        case .awake: self.bound.isMarkUseful
        case .stopped, .locking, .lastScan, .asleep: false
        }
    }

    private func isHolderWanted(at now: NIODeadline) -> Bool {
        guard self.bound.isHeldBack, let since = self.heldBackSince, now - since >= Self.holderInterval else {
            return false
        }
        switch self.state {
        case .awake, .asleep: return now - self.lastHolderQuestion >= Self.holderInterval
        case .stopped, .locking, .lastScan: return false
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
        // What is not there any more can't be what ended a session; only held topics may have left something.
        if self.held.isEmpty { self.suspects.removeAll() }
    }
}

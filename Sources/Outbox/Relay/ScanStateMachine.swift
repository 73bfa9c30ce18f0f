import NIOCore

/// When the outbox is read, and from which id; when the relay sleeps, and how it is woken.
///
/// It rests on two rules. Order: ids are assigned before their transactions commit, so a scan leaves out an id only if
/// its row has been read or can't appear any more (``ScanBound``), and rows that a scan may find again are deleted
/// before the next. Sleep: the relay holds the wake lock only while it sleeps, and scans once more after it has got it,
/// in a later statement; so a writer that got the lock shared, and therefore does not notify, is never overlooked.
///
/// Between the ordinary scans, in turn with them, it reads the events that ``HeldTopics`` tries again. While some event
/// is suspected of ending the session (``SuspectEvents``), only one is under way.
///
/// After every event the driver runs ``next(at:)`` until it is to wait.
struct ScanStateMachine: ~Copyable {
    /// The interval of its scans while asleep, whatever happens.
    static let backstop = TimeAmount.seconds(1)
    /// The interval of scans that begin at the first row: they find rows that were inserted with explicit ids.
    static let fullScanInterval = TimeAmount.seconds(30)
    /// After so many deletions an empty table is truncated.
    static let truncateAfter = 50_000
    /// While more octets than this are under way nothing more is read.
    static let mostOctets = 1 << 20

    /// The next step.
    enum Step: Equatable {
        /// Send one scan; ahead of it the query for a mark, if one is due, and for the horizon, if marks wait.
        case read(RelayScan, mark: Bool, horizon: Bool)
        /// Query for the transaction that prevents the bound from moving.
        case askForHolder
        /// Try to get the wake lock.
        case tryLock
        /// Release it.
        case unlock
        /// Truncate the table if it is empty.
        case truncate
        /// Nothing before this time, unless something happens.
        case wait(until: NIODeadline)
        /// The same, asleep.
        case rest(until: NIODeadline)
        /// Nothing before something happens.
        case nothing
    }

    private enum State {
        case stopped
        /// Scans in turn. The wake lock of its sleep must still be released, or is not held.
        case awake(holdsLock: Bool)
        /// The lock has been requested.
        case locking
        /// It has the lock, and scans once more before it sleeps.
        case lastScan
        case asleep
    }

    /// The unanswered query: there is no other meanwhile.
    private enum Question {
        case scan(RelayScan.Kind, began: NIODeadline)
        case truncation
    }

    private var batch: Int
    private var attempts: Int
    private var state = State.stopped
    private var question: Question?
    /// By the scan that is under way, or was the last.
    private var octetsRead = 0
    /// By a scan of held topics.
    private var idsRead: Set<Int64> = []
    private var bound = ScanBound()
    private var questions = BoundQuestions()
    private var pace = ScanPace(at: .distantPast)
    private var rowsUnderWay = RowsUnderWay()
    /// The topics whose events are not published for now.
    private(set) var held: HeldTopics
    private var suspects: SuspectEvents
    private var nextBackstop: NIODeadline = .distantPast
    private var nextFullScan: NIODeadline = .distantPast
    private var isWoken = false
    private var isRescanWanted = false
    /// Whether it is the held topics' turn.
    private var isTurnOfHeld = false
    private var deletions = 0

    /// Rows that a scan found while asleep, without a notification: their writers did not notify, or the notification
    /// was on its way.
    private(set) var foundAsleep = 0

    /// - Parameters:
    ///   - batch: the most rows of one scan.
    ///   - attempts: how often an event is tried before it is given up.
    init(batch: Int, attempts: Int) {
        self.batch = batch
        self.held = HeldTopics(attempts: attempts)
        self.suspects = SuspectEvents(attempts: attempts)
        self.attempts = attempts
    }

    /// Other settings hold from the next scan and the next refusal on.
    mutating func change(batch: Int, attempts: Int) {
        self.batch = batch
        self.attempts = attempts
        self.held.change(attempts: attempts)
        self.suspects.change(attempts: attempts)
    }

    /// Rows that were read and are not known to be deleted.
    var underWay: Int { self.rowsUnderWay.count }

    /// Whether there is nothing to do until it is woken.
    var isAsleep: Bool {
        switch self.state {
        case .asleep: self.question == nil
        case .stopped, .awake, .locking, .lastScan: false
        }
    }

    /// Whether it holds the wake lock.
    var isHoldingLock: Bool {
        switch self.state {
        case .lastScan, .asleep: true
        case .awake(let holdsLock): holdsLock
        case .stopped, .locking: false
        }
    }

    /// Whether only one event may be under way.
    var sendsOneAtATime: Bool { self.suspects.areSentAlone }

    /// Whether one of these was under way when an earlier session with the router ended.
    func isAnySuspect(_ ids: some Collection<Int64>) -> Bool { ids.contains(where: self.suspects.isSuspect) }

    // MARK: - Events

    /// The session listens, and there is a router: it reads from the first row on.
    mutating func started(at now: NIODeadline) {
        let (deletions, suspects) = (self.deletions, self.suspects)
        self = ScanStateMachine(batch: self.batch, attempts: self.attempts)
        self.deletions = deletions
        self.suspects = suspects
        self.state = .awake(holdsLock: false)
        self.pace = ScanPace(at: now)
        self.nextFullScan = now + Self.fullScanInterval
    }

    /// The session with the database or with the router is lost: events under way are read again later.
    mutating func stopped() {
        self.state = .stopped
        self.question = nil
        self.rowsUnderWay = RowsUnderWay()
    }

    /// The session with the router ended with these events unanswered. Returns the one that must not be sent again, if
    /// any, and how many sessions ended while it was alone under way.
    mutating func routerLost(underWay ids: some Collection<Int64>) -> (id: Int64, sessions: Int)? {
        self.suspects.sessionEnded(underWay: ids)
    }

    /// A mark has come: `last` was the highest id when transaction `horizon` had not begun.
    mutating func marked(last: Int64, horizon: UInt64, sequence: Int64, at now: NIODeadline) {
        self.questions.marked(isFirst: self.bound.marks.isEmpty, at: now)
        let known = self.bound.sequence
        self.bound.marked(ScanBound.Mark(last: last, horizon: horizon, sequence: sequence))
        if let known, known != sequence { self.idsAreVoid() }
    }

    /// All transactions below `oldest` have ended; every later scan sees their rows.
    ///
    /// Must be called before the rows of the scan that was sent after the query.
    mutating func horizonSeen(oldest: UInt64, at now: NIODeadline) {
        let settled = self.bound.settled
        self.bound.horizonSeen(oldest: oldest)
        if self.bound.marks.isEmpty {
            self.questions.nothingWaits()
        } else if self.bound.settled != settled {
            self.questions.boundMoved(at: now)
        }
    }

    /// The scan reports that the sequence was restarted or set back; it has no rows.
    mutating func sequenceWentBack() {
        self.bound.void()
        self.idsAreVoid()
    }

    private mutating func idsAreVoid() {
        self.held.void()
        self.suspects.removeAll()
        self.questions.nothingWaits()
        self.isRescanWanted = true
    }

    /// A row has been read. Returns whether to publish it: then ``settled(_:topic:)``, ``finished(_:octets:)`` or
    /// ``refused(_:topic:reason:octets:at:)`` must follow. Otherwise it stays in the table for now.
    mutating func rowRead(id: Int64, topic: String, octets: Int) -> Bool {
        let isFoundAgain = self.bound.saw(id)
        self.octetsRead += octets
        switch self.question {
        case .scan(.ordinary, _), .scan(.full, _):
            guard !self.held.isHeld(topic) else { return false }
        case .scan(.probes, _), .scan(.backlog, _):
            self.idsRead.insert(id)
            guard self.held.isFree(topic) else { return false }
        case .truncation, nil:
            return false
        }
        self.rowsUnderWay.add(id, octets: octets, isFoundAgain: isFoundAgain)
        return true
    }

    /// The scan has ended.
    ///
    /// - Parameters:
    ///   - rows: the number of rows found, including those that wait.
    ///   - last: the id of its last row.
    /// - Returns: whether it leaves rows behind that it was to find; nil if it does not show that.
    @discardableResult
    mutating func readEnded(rows: Int, last: Int64?, at now: NIODeadline) -> Bool? {
        guard case .scan(let kind, let began) = self.question else { return nil }
        self.question = nil
        defer { self.react(to: kind, rows: rows, cost: now - began, at: now) }
        switch kind {
        case .ordinary, .full:
            if !self.isRescanWanted { self.bound.scanEnded(last: last) }
            // The next scan reads the rows in between.
            if kind == .full, rows >= self.rows, last ?? .max < self.bound.floor ?? .min { self.nextFullScan = now }
            return self.sendsOneAtATime ? nil : rows >= self.batch || self.octetsRead * 2 >= RelayStatements.octets
        case .probes:
            self.held.probesRead(self.idsRead)
            return nil
        case .backlog:
            self.held.backlogRead(last: last)
            return nil
        }
    }

    private mutating func react(to kind: RelayScan.Kind, rows: Int, cost: TimeAmount, at now: NIODeadline) {
        switch self.state {
        case .stopped, .locking:
            break
        case .awake:
            self.pace(kind, rows: rows, cost: cost, at: now)
        case .lastScan:
            if rows > 0 { self.wakeUp(now) } else { self.fallAsleep(now) }
        case .asleep:
            if rows > 0 {
                self.foundAsleep += rows
                self.wakeUp(now)
            }
        }
    }

    private mutating func pace(_ kind: RelayScan.Kind, rows: Int, cost: TimeAmount, at now: NIODeadline) {
        switch kind {
        case .ordinary, .full:
            // A scan that has found enough rows, or large ones, has ended: its costs are justified.
            let isFull =
                rows * 2 >= self.batch || self.octetsRead * 2 >= RelayStatements.octets || self.sendsOneAtATime
            self.pace.scanEnded(rows: rows, isFull: isFull, cost: cost, at: now)
        case .probes, .backlog:
            self.pace.heldWereRead(at: now)
        }
    }

    /// The scan failed, and found nothing: another session has locked the table.
    mutating func readFailed(at now: NIODeadline) {
        if case .scan(.probes, _) = self.question { self.held.probesFailed() }
        self.question = nil
        switch self.state {
        case .stopped, .locking: break
        case .awake, .lastScan, .asleep:
            self.state = .awake(holdsLock: self.isHoldingLock)
            self.pace.scanFailed(retryIn: Self.backstop, at: now)
        }
    }

    /// The router has accepted the event, or it is given up for good. Returns how many held topics need not wait any
    /// longer.
    mutating func settled(_ id: Int64, topic: String) -> Int {
        self.suspects.settled(id)
        return self.held.settled(id, topic: topic)
    }

    /// So many rows are deleted: the statements for that have been sent, ahead of any later scan.
    mutating func finished(_ rows: Int, octets: Int) {
        self.rowsUnderWay.remove(rows, octets: octets)
        self.deletions += rows
    }

    /// The router refuses a row for the moment. It stays in the table, unless it is given up: then it is still under
    /// way.
    mutating func refused(
        _ id: Int64, topic: String, reason: String, octets: Int, at now: NIODeadline
    ) -> HeldTopics.Verdict {
        self.suspects.settled(id)
        let verdict = self.held.refused(
            id, topic: topic, reason: reason, settled: self.bound.settled, at: now)
        switch verdict {
        case .isGivenUp: break
        case .waits, .waitsAsGroup, .follows: self.rowsUnderWay.remove(1, octets: octets)
        }
        return verdict
    }

    mutating func lockAnswered(_ isOurs: Bool, at now: NIODeadline) {
        switch self.state {
        case .locking:
            if isOurs {
                self.state = .lastScan
            } else {
                // A writer is under way that relies on the relay being awake.
                self.state = .awake(holdsLock: false)
                self.pace.isKeptAwake(at: now)
            }
        case .stopped, .awake, .lastScan, .asleep:
            break
        }
    }

    mutating func truncated() {
        if case .truncation = self.question { self.question = nil }
    }

    /// A notification came.
    mutating func notified() {
        self.isWoken = true
    }

    // MARK: - Next steps

    mutating func next(at now: NIODeadline) -> Step {
        guard self.question == nil else { return .nothing }
        if self.asksForHolder(at: now) { return .askForHolder }
        switch self.state {
        case .stopped, .locking:
            return .nothing
        case .lastScan:
            return self.read(.ordinary, at: now)
        case .asleep:
            return self.nextAsleep(at: now)
        case .awake(holdsLock: true):
            self.state = .awake(holdsLock: false)
            return .unlock
        case .awake(holdsLock: false):
            return self.nextAwake(at: now)
        }
    }

    private mutating func nextAsleep(at now: NIODeadline) -> Step {
        let retry = self.held.next ?? .distantFuture
        if self.isWoken || self.isRescanWanted || retry <= now {
            self.wakeUp(now)
            self.state = .awake(holdsLock: false)
            return .unlock
        }
        if self.deletions >= Self.truncateAfter {
            self.deletions = 0
            self.question = .truncation
            return .truncate
        }
        guard now >= self.nextBackstop else { return .rest(until: min(self.nextBackstop, retry)) }
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
            // Their rows in the table may be under way, as long as any are.
            guard self.underWay == 0 else { return .nothing }
            self.isTurnOfHeld = false
            if let step = self.readHeld(at: now) { return step }
        }
        // Near the newest rows a scan would find undeleted rows again.
        let mayReadAhead =
            self.rowsUnderWay.highest <= self.bound.floor ?? .min
            && self.underWay < (self.sendsOneAtATime ? 1 : self.batch) && self.rowsUnderWay.octets < Self.mostOctets
        guard self.underWay == 0 || mayReadAhead else { return .nothing }
        if self.held.isFull { return retry == .distantFuture ? .nothing : .wait(until: retry) }
        self.isTurnOfHeld = true
        if self.isWoken {
            self.isWoken = false
            return self.read(.ordinary, at: now)
        }
        guard now >= self.pace.nextRead else {
            return .wait(until: retry <= now ? self.pace.nextRead : min(self.pace.nextRead, retry))
        }
        if self.underWay == 0, now >= self.nextFullScan { return self.read(.full, at: now) }
        if self.underWay == 0, self.pace.isIdle(at: now) {
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
                    // The ordinary scans will find all of them.
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
        self.question = .scan(kind, began: now)
        self.octetsRead = 0
        self.idsRead.removeAll(keepingCapacity: true)
        self.bound.scanBegan(isOfAll: kind == .ordinary || kind == .full)
        let isMarkDue = self.questions.asksForMark(isUseful: self.isMarkUseful, at: now)
        let scan = RelayScan(
            kind: kind, behind: behind, upTo: upTo, ranges: ranges, rows: rows,
            sequence: behind == nil ? nil : self.bound.sequence)
        return .read(scan, mark: isMarkDue, horizon: isMarkDue || !self.bound.marks.isEmpty)
    }

    /// A mark costs a transaction id: except for the first, none is taken while nothing happens.
    private var isMarkUseful: Bool {
        switch self.state {
        case .awake: self.bound.isMarkUseful
        case .stopped, .locking, .lastScan, .asleep: false
        }
    }

    private mutating func asksForHolder(at now: NIODeadline) -> Bool {
        switch self.state {
        case .awake, .asleep: self.bound.isHeldBack && self.questions.asksForHolder(at: now)
        case .stopped, .locking, .lastScan: false
        }
    }

    private mutating func wakeUp(_ now: NIODeadline) {
        self.state = .awake(holdsLock: self.isHoldingLock)
        self.isWoken = false
        self.pace.wokeUp(at: now)
    }

    private mutating func fallAsleep(_ now: NIODeadline) {
        self.state = .asleep
        self.nextBackstop = now + Self.backstop
        // An event that no longer exists can't have ended a session; only held topics may have remaining ones.
        if self.held.isEmpty { self.suspects.removeAll() }
    }
}

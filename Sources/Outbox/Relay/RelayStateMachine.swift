import NIOCore
import Names
import WAMP

/// Whether the outbox is emptied, and the fate of each event that was read from it.
///
/// It is emptied in *runs*. A run begins when this sidecar leads, in a session that listens for writers, and is joined
/// to a router; it ends when one of these ends. Each run has a number, its *epoch*, and so has each time between two.
/// An answer to a request of another epoch is dropped, with two exceptions: a wake lock that comes too late is
/// released, and deletions of rows are awaited.
///
/// ``ScanStateMachine`` decides when rows are read and which, ``DeliveryStateMachine`` which are deleted. After each
/// event the driver runs ``deletion()``, ``finishing()`` and ``next(at:)``.
struct RelayStateMachine: ~Copyable {
    /// The session with the database.
    private enum Lead {
        /// Another sidecar has it, or none.
        case elsewhere
        /// LISTEN has been sent. Nothing is read before it is answered: later commits are then either notified or read.
        case listenSent
        case listening
    }

    private enum State {
        /// A condition is missing.
        case idle(Lead, isJoined: Bool)
        case running
        /// Nothing more is published: the router's answers are awaited.
        case finishing
        /// No event is under way; the rows of former ones are being deleted.
        case clearing
        case over
    }

    private var patience: TimeAmount
    private var state = State.idle(.elsewhere, isJoined: false)
    private var scans: ScanStateMachine
    private var delivery: DeliveryStateMachine
    private var movement = Movement()
    private var progress = BacklogProgress()

    /// The number of this run, or of the time between two.
    private(set) var epoch = 0
    /// Why the last attempt to empty the outbox failed, also in a lost session; nil if it succeeded.
    private(set) var failure: String?

    /// What became of all events so far.
    private(set) var counts = RelayCounts()
    /// How long it took from an event's publication until the router had it.
    private(set) var delay = Histogram()

    /// - Parameters:
    ///   - batch: the most rows of one scan.
    ///   - attempts: how often an event is tried before it becomes a dead letter.
    ///   - patience: how long the router may owe answers without giving any.
    init(batch: Int, attempts: Int, patience: TimeAmount) {
        self.patience = patience
        self.scans = ScanStateMachine(batch: batch, attempts: attempts)
        self.delivery = DeliveryStateMachine(patience: patience)
    }

    /// Other settings hold from now on; what is under way stays so.
    mutating func change(batch: Int, attempts: Int, patience: TimeAmount) {
        self.patience = patience
        self.scans.change(batch: batch, attempts: attempts)
        self.delivery.patience = patience
    }

    /// Whether ``next(at:)`` has something to return.
    var isRunning: Bool {
        switch self.state {
        case .running: true
        case .idle, .finishing, .clearing, .over: false
        }
    }

    /// The topics whose events are not published for now.
    var held: HeldTopics { self.scans.held }

    /// Since when events wait, none of which has left the outbox; nil: none does, as far as is known.
    var waitingSince: NIODeadline? { self.movement.waitingSince }

    /// How many events the router has, and has not answered.
    var underWayCount: Int { self.delivery.underWay.count }

    /// Whether an event is under way that was under way when an earlier session with the router ended.
    var isSuspectUnderWay: Bool { self.scans.isAnySuspect(self.delivery.underWay) }

    /// Whether a session that has grown can be replaced: the relay sleeps, in that run.
    func mayRenew(in epoch: Int) -> Bool { epoch == self.epoch && self.scans.isAsleep }

    // MARK: - The two ends

    /// This sidecar leads, by a new session. LISTEN is sent in it; its answer has the same epoch.
    mutating func lead() {
        switch self.state {
        case .idle(_, let isJoined):
            self.epoch += 1
            self.state = .idle(.listenSent, isJoined: isJoined)
        case .running, .finishing, .clearing, .over:
            break
        }
    }

    /// The session listens.
    mutating func listening(in epoch: Int, at now: NIODeadline) -> StartAction {
        guard epoch == self.epoch else { return .nothing }
        switch self.state {
        case .idle(.listenSent, let isJoined):
            self.state = .idle(.listening, isJoined: isJoined)
            return self.start(at: now)
        case .idle, .running, .finishing, .clearing, .over:
            return .nothing
        }
    }

    /// LISTEN has failed.
    mutating func listenFailed(_ reason: String, in epoch: Int) -> FailureAction {
        epoch == self.epoch ? .abandon(self.failed("LISTEN", reason)) : .nothing
    }

    /// This sidecar leads no more. The session is lost, or is about to release its locks.
    mutating func stopLeading() -> EndAction {
        self.movement = Movement()
        switch self.state {
        case .idle(_, let isJoined):
            self.epoch += 1
            self.state = .idle(.elsewhere, isJoined: isJoined)
            return .nothing
        case .running:
            self.state = .idle(.elsewhere, isJoined: true)
            return .end(self.end())
        case .finishing:
            self.state = .clearing
            return .end(self.end())
        case .clearing, .over:
            return .nothing
        }
    }

    /// There is a session with a router.
    mutating func joined(at now: NIODeadline) -> StartAction {
        switch self.state {
        case .idle(let lead, _):
            self.state = .idle(lead, isJoined: true)
            return self.start(at: now)
        case .running, .finishing, .clearing, .over:
            return .nothing
        }
    }

    /// The session with the router has ended. An unanswered event may be the cause.
    mutating func left() -> LeftAction {
        switch self.state {
        case .idle(let lead, _):
            self.state = .idle(lead, isJoined: false)
            return .nothing
        case .running:
            self.state = .idle(.listening, isJoined: false)
            let suspect = self.suspect()
            return .end(self.end(), suspect)
        case .finishing:
            self.state = .clearing
            return .end(self.end(), nil)
        case .clearing, .over:
            return .nothing
        }
    }

    private mutating func suspect() -> DeadLetter? {
        guard let suspect = self.scans.routerLost(underWay: self.delivery.underWay),
            let topic = self.delivery.topic(of: suspect.id)
        else { return nil }
        self.delivery.removalBegan()
        self.counts.dead += 1
        // It is under way still: the end of the run counts it as unanswered.
        self.counts.unanswered -= 1
        return DeadLetter(
            event: suspect.id, topic: topic, error: WAMPError.invalidPayload.text,
            message:
                "the session with the router ended \(suspect.sessions) times while this event alone was under way",
            attempts: suspect.sessions)
    }

    private mutating func start(at now: NIODeadline) -> StartAction {
        switch self.state {
        case .idle(.listening, isJoined: true):
            self.state = .running
            self.epoch += 1
            self.progress = BacklogProgress()
            self.scans.started(at: now)
            return .start
        case .idle, .running, .finishing, .clearing, .over:
            return .nothing
        }
    }

    private mutating func end() -> RunEnd {
        self.epoch += 1
        let givesLockBack = self.scans.isHoldingLock
        self.counts.unanswered += self.delivery.underWay.count
        let batch = self.delivery.ended()
        if let batch { self.scans.finished(batch.ids.count, octets: batch.octets) }
        self.scans.stopped()
        return RunEnd(givesLockBack: givesLockBack, deletes: batch?.ids ?? [])
    }

    // MARK: - The end

    /// Nothing more is published. ``finishing()`` shows when the events under way have been answered and deleted.
    mutating func finish() {
        switch self.state {
        case .idle: self.state = .clearing
        case .running: self.state = .finishing
        case .finishing, .clearing, .over: break
        }
    }

    /// The next step of a requested end: after every event that may bring it nearer.
    mutating func finishing() -> FinishAction {
        switch self.state {
        case .finishing where self.delivery.isAllAnswered:
            self.state = .clearing
            return .end(self.end())
        case .clearing where self.delivery.isAllRemoved:
            self.state = .over
            return .finished
        case .idle, .running, .finishing, .clearing, .over:
            return .nothing
        }
    }

    // MARK: - Reading

    /// A notification came.
    mutating func notified() {
        self.scans.notified()
    }

    /// A scan has returned a row. Returns whether to publish it: then ``sent(_:topic:octets:at:)`` or
    /// ``unreadable(_:topic:octets:_:at:)`` follows.
    mutating func take(_ id: Int64, topic: String, octets: Int, of epoch: Int) -> Bool {
        guard epoch == self.epoch else { return false }
        switch self.state {
        case .running:
            guard self.scans.rowRead(id: id, topic: topic, octets: octets) else { return false }
            self.counts.read += 1
            return true
        case .idle, .finishing, .clearing, .over:
            return false
        }
    }

    /// A scan reports that the outbox's ids begin again. Returns whether to report that.
    mutating func sequenceWentBack(of epoch: Int) -> Bool {
        guard epoch == self.epoch else { return false }
        self.scans.sequenceWentBack()
        return true
    }

    /// A scan has ended.
    mutating func scanned(_ outcome: ScanOutcome, of epoch: Int, at now: NIODeadline) -> ScanAction {
        guard epoch == self.epoch else { return .nothing }
        switch outcome {
        case .read(let rows, let last):
            let isRecovered = self.failure != nil
            self.failure = nil
            let foundAsleep = self.scans.foundAsleep
            let report = self.scans.readEnded(rows: rows, last: last, at: now).flatMap {
                self.progress.scanned(leavesRows: $0, rows: rows, read: self.counts.read, at: now)
            }
            return .goOn(
                self.scans.foundAsleep > foundAsleep ? .eventsFoundAsleep(rows) : report.map { OutboxEvent($0) },
                isFailureChanged: isRecovered)
        case .locked(let message):
            self.scans.readFailed(at: now)
            let reason = "the outbox is locked: \(message)"
            return .goOn(
                .relayFailed(statement: Self.reading, reason: reason), isFailureChanged: self.isNews(reason))
        case .failed(let reason):
            return .abandon(self.failed(Self.reading, reason))
        case .lost:
            // The leader reports that itself.
            return .nothing
        }
    }

    private static let reading = "relay_read"

    /// A mark has come: `last` was the highest id when transaction `horizon` had not begun.
    mutating func marked(_ mark: ScanBound.Mark, of epoch: Int, at now: NIODeadline) {
        guard epoch == self.epoch else { return }
        self.scans.marked(last: mark.last, horizon: mark.horizon, sequence: mark.sequence, at: now)
    }

    /// All transactions below `oldest` have ended.
    mutating func horizonSeen(oldest: UInt64, of epoch: Int, at now: NIODeadline) {
        guard epoch == self.epoch else { return }
        self.scans.horizonSeen(oldest: oldest, at: now)
    }

    // MARK: - Publishing

    /// The event is handed to the router.
    mutating func sent(_ id: Int64, topic: String, octets: Int, published: PublishTime, at now: NIODeadline) {
        self.delivery.sent(id, topic: topic, octets: octets, published: published, at: now)
    }

    /// The event can't be handed to a router as it is.
    mutating func unreadable(
        _ id: Int64, topic: String, octets: Int, _ fault: OutboxFault, at now: NIODeadline
    ) -> AnswerAction {
        guard fault.isMomentary else {
            return self.giveUp(
                id, topic: topic, octets: octets, error: fault.error, message: fault.message, attempts: 0)
        }
        return self.hold(id, topic: topic, octets: octets, error: fault.error, message: fault.message, at: now)
    }

    /// The router has answered an event, or owed its answer for too long.
    mutating func answered(
        _ id: Int64, _ answer: PublishAnswer, of epoch: Int, at now: NIODeadline
    ) -> AnswerAction {
        guard epoch == self.epoch else { return .nothing }
        switch answer {
        case .taken:
            guard let event = self.delivery.taken(id, at: now) else { return .nothing }
            self.movement.moved(at: now)
            self.counts.acknowledged += 1
            self.delay.observe(nanoseconds: event.published.delay(at: now))
            let released = self.scans.settled(id, topic: event.topic)
            return released > 0 ? .report(.topicsReleased(count: released)) : .goOn
        case .refused(let error, let message, let isFinal):
            guard let event = self.delivery.refused(id, at: now) else { return .nothing }
            if isFinal { self.movement.moved(at: now) }
            return isFinal
                ? self.giveUp(
                    id, topic: event.topic, octets: event.octets, error: error, message: message, attempts: 1)
                : self.hold(
                    id, topic: event.topic, octets: event.octets, error: error, message: message, at: now)
        case .silence:
            return .abandonRouter(self.silence)
        case .unknown:
            // The session has ended: all events under way are read again in the next one.
            return .nothing
        }
    }

    private mutating func hold(
        _ id: Int64, topic: String, octets: Int, error: String, message: String, at now: NIODeadline
    ) -> AnswerAction {
        let action: AnswerAction
        switch self.scans.refused(id, topic: topic, reason: error, octets: octets, at: now) {
        case .waits(let wait):
            action = .report(.eventHeld(topic: topic, event: id, reason: message, retryIn: wait))
        case .waitsAsGroup(let count):
            action = .report(.topicsHeld(count: count, reason: message))
        case .follows:
            action = .goOn
        case .isGivenUp(let attempts):
            return self.giveUp(
                id, topic: topic, octets: octets, error: error, message: message, attempts: attempts)
        }
        self.counts.held += 1
        return action
    }

    private mutating func giveUp(
        _ id: Int64, topic: String, octets: Int, error: String, message: String, attempts: Int
    ) -> AnswerAction {
        self.counts.dead += 1
        let released = self.scans.settled(id, topic: topic)
        self.scans.finished(1, octets: octets)
        self.delivery.removalBegan()
        return .giveUp(
            DeadLetter(event: id, topic: topic, error: error, message: message, attempts: attempts),
            released > 0 ? .topicsReleased(count: released) : nil)
    }

    /// Called at intervals: checks whether the router answers.
    mutating func check(at now: NIODeadline) -> CheckAction {
        self.movement.noted(
            isWaiting: !self.delivery.isAllAnswered || !self.scans.held.isEmpty || self.failure != nil, at: now)
        switch self.state {
        case .running, .finishing:
            return self.delivery.isRouterSilent(at: now) ? .abandonRouter(self.silence) : .goOn
        case .idle, .clearing, .over:
            return .stop
        }
    }

    private var silence: String {
        "the router has not acknowledged an event for \(self.patience.nanoseconds / 1_000_000_000) s"
    }

    // MARK: - Deleting

    /// The rows to delete now: before more is read.
    mutating func deletion() -> DeletionAction {
        guard let batch = self.delivery.batch() else { return .nothing }
        self.scans.finished(batch.ids.count, octets: batch.octets)
        return .delete(batch.ids)
    }

    /// A statement that deletes rows has been answered, in any way.
    mutating func removalEnded() {
        self.delivery.removalEnded()
    }

    /// So many of the rows to delete existed.
    func deleted(_ count: Int, of wanted: Int) -> OutboxEvent? {
        count < wanted ? .eventsPublishedTwice(atLeast: wanted - count) : nil
    }

    /// The table has been truncated, if it was empty. Returns whether this run requested that.
    mutating func truncated(in epoch: Int) -> Bool {
        guard epoch == self.epoch else { return false }
        self.scans.truncated()
        return true
    }

    // MARK: - Next steps

    /// The wake lock was requested in that epoch, and is held or not.
    mutating func lockAnswered(_ isOurs: Bool, in epoch: Int, at now: NIODeadline) -> LockAction {
        // Leading, or the session with the router, ended meanwhile; the session with the database may continue.
        guard epoch == self.epoch else { return isOurs ? .giveBack : .nothing }
        self.scans.lockAnswered(isOurs, at: now)
        return .goOn
    }

    /// The next step, called repeatedly until it is to wait.
    mutating func next(at now: NIODeadline) -> ScanStateMachine.Step {
        switch self.state {
        case .running: self.scans.next(at: now)
        case .idle, .finishing, .clearing, .over: .nothing
        }
    }

    /// A statement that can't fail has failed: everything begins again, in a new session.
    mutating func failed(_ statement: String, _ reason: String) -> Failure {
        Failure(statement: statement, reason: reason, isChanged: self.isNews("\(statement): \(reason)"))
    }

    private mutating func isNews(_ failure: String) -> Bool {
        defer { self.failure = failure }
        return self.failure != failure
    }
}

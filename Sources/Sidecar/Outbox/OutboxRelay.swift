import NIOCore
import Names
import Postgres
import SidecarConfiguration
import WAMP
import WAMPClient

/// Publishes what committed transactions have put into the outbox, in order and at least once. On the event loop.
///
/// The driver of ``RelayStateMachine``, at work while this sidecar leads and is joined: it reads, publishes with acknowledgement, and deletes
/// what the router has. No transaction is open while it waits for the router, and no row is locked.
final class OutboxRelay {
    private struct Unanswered {
        let topic: String
        let octets: Int
    }

    /// Acknowledged events are deleted at the latest when they are so many.
    private static let mostAcknowledged = 200
    private static let lockNotAvailable = "55P03"
    private static let checkInterval = TimeAmount.seconds(1)

    private let statements: RelayStatements
    private let wakeLock: (Int32, Int32)
    private let channel: String
    private let settings: OutboxSettings
    private let acknowledgeTimeout: TimeAmount
    /// The keyword argument that carries an event's uuid; nil for none.
    var eventID: String? { self.settings.eventID }
    private let eventLoop: any EventLoop
    private let observer: (Observation) -> Void
    private let changed: () -> Void

    private var machine: RelayStateMachine
    private var database: DatabaseSession?
    private var router: Session?
    private var isListening = false
    /// Grows with each beginning and end: answers to what was asked before are recognized by it.
    private var epoch = 0
    private var isRunning = false
    private var isAdvancing = false
    private var timer: Scheduled<Void>?
    private var check: Scheduled<Void>?
    /// The names of the held topics as an array's text, and of which generation they are.
    private var heldNames: (text: String?, generation: Int)?
    private var options = PublishOptionsCache()

    /// Events that the router has said nothing about yet.
    private var unanswered: [Int64: Unanswered] = [:]
    private var lastAnswer: NIODeadline = .distantPast
    private var acknowledged: [Int64] = []
    private var acknowledgedOctets = 0
    /// Statements that take rows out of the table, and have not been answered.
    private var removals = 0
    /// Told when nothing is under way any more; set while stopping.
    private var finished: (() -> Void)?

    /// - Parameters:
    ///   - schema: where the SQL interface is, as an identifier.
    ///   - wakeLock: the advisory lock that is held while the relay sleeps.
    ///   - channel: on which writers wake it.
    init(
        schema: String, wakeLock: (Int32, Int32), channel: String, settings: OutboxSettings,
        eventLoop: any EventLoop, observer: @escaping (Observation) -> Void, changed: @escaping () -> Void
    ) {
        self.changed = changed
        self.statements = RelayStatements(schema: schema)
        self.wakeLock = wakeLock
        self.channel = channel
        self.settings = settings
        self.acknowledgeTimeout = TimeAmount(settings.acknowledgeTimeout)
        self.eventLoop = eventLoop
        self.observer = observer
        self.machine = RelayStateMachine(batch: settings.batch, attempts: settings.attempts)
    }

    /// Why the outbox could not be emptied when that was last tried, also in a session that is gone; nil if it could.
    private(set) var failure: String? {
        didSet { if self.failure != oldValue { self.changed() } }
    }

    // MARK: - The two sides

    /// This sidecar leads: the outbox is its to empty, by this session.
    func lead(_ database: DatabaseSession) {
        self.database = database
        self.isListening = false
        // Before the first scan: whoever commits later is either heard or seen.
        database.listen(to: self.channel) { result in
            guard self.database === database else { return }
            switch result {
            case .success:
                self.isListening = true
                self.begin()
            case .failure(let failure):
                self.failed("LISTEN", failure.description)
            }
        }
    }

    /// This sidecar leads no more. The session is gone, or is about to give its locks back.
    func stopLeading() {
        self.end()
        self.database = nil
        self.isListening = false
    }

    func joined(_ router: Session) {
        self.router = router
        self.begin()
    }

    /// Whether an event is under way that was when a session with the router ended before.
    var isSuspectUnderWay: Bool { self.machine.isAnySuspect(self.unanswered.keys) }

    /// The session with the router has ended. What it said nothing about may be what ended it.
    func left() {
        self.router = nil
        let isFinishing = self.finished != nil
        let underWay = self.unanswered
        self.end()
        guard !isFinishing, let suspect = self.machine.routerLost(underWay: underWay.keys),
            let event = underWay[suspect.id]
        else { return }
        self.bury(
            suspect.id, topic: event.topic, error: WAMPError.invalidPayload.text,
            message:
                "the session with the router ended \(suspect.sessions) times while this event alone was under way",
            attempts: suspect.sessions)
        self.database?.flush()
    }

    /// A notification came in the leader's session.
    func notified(channel: String) {
        guard channel == self.channel else { return }
        self.machine.notified()
        self.advance()
    }

    /// The router takes output again.
    func writable() {
        self.advance()
    }

    /// Publishes nothing more; `completion` is called when what is under way has been answered and deleted.
    func finish(completion: @escaping () -> Void) {
        self.finished = completion
        self.finishIfDone()
    }

    private func finishIfDone() {
        guard let finished = self.finished else { return }
        if self.isRunning {
            // Ending comes back here.
            if self.unanswered.isEmpty { self.end() }
            return
        }
        guard self.removals == 0 else { return }
        self.finished = nil
        finished()
    }

    private func begin() {
        guard self.finished == nil, !self.isRunning, self.isListening, self.database != nil, self.router != nil else {
            return
        }
        self.isRunning = true
        self.epoch += 1
        self.unanswered.removeAll()
        self.acknowledged.removeAll()
        self.acknowledgedOctets = 0
        self.heldNames = nil
        self.machine.started(at: .now())
        self.scheduleCheck()
        self.advance()
    }

    private func end() {
        guard self.isRunning else { return }
        self.isRunning = false
        self.epoch += 1
        self.timer?.cancel()
        self.check?.cancel()
        // A lock that says "asleep" while nobody will wake up would have every writer notify.
        if self.machine.isHoldingLock { self.unlock(self.database) }
        // What the router has taken need not be published again.
        self.deleteAcknowledged()
        self.machine.stopped()
        self.unanswered.removeAll()
        self.database?.flush()
        self.finishIfDone()
    }

    // MARK: - The loop

    private func advance() {
        guard self.isRunning, self.finished == nil, !self.isAdvancing, let database = self.database else { return }
        self.isAdvancing = true
        defer { self.isAdvancing = false }
        self.timer?.cancel()
        self.timer = nil
        loop: while self.isRunning, self.router?.isWritable == true {
            switch self.machine.next(at: .now()) {
            case .read(let scan, let mark, let horizon):
                self.read(scan, mark: mark, horizon: horizon)
            case .askForHolder:
                self.askForHolder()
            case .tryLock:
                self.tryLock()
            case .unlock:
                self.unlock(database)
            case .truncate:
                self.truncate()
            case .wait(let until):
                self.wait(until)
                if self.machine.isAsleep { self.renewSoon() }
                break loop
            case .nothing:
                break loop
            }
        }
        database.flush()
    }

    /// Not now: the session may be in the middle of handing results over.
    private func renewSoon() {
        let epoch = self.epoch
        self.eventLoop.assumeIsolated().execute {
            guard epoch == self.epoch, self.machine.isAsleep else { return }
            self.database?.renewIfGrown()
        }
    }

    private func wait(_ until: NIODeadline) {
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: until) {
            self.timer = nil
            self.advance()
        }
    }

    private func scheduleCheck() {
        self.check = self.eventLoop.assumeIsolated().scheduleTask(in: Self.checkInterval) {
            guard self.isRunning else { return }
            self.scheduleCheck()
            if !self.unanswered.isEmpty, .now() - self.lastAnswer > self.acknowledgeTimeout {
                return self.abandonRouter()
            }
            self.advance()
        }
    }

    private func abandonRouter() {
        let seconds = self.acknowledgeTimeout.nanoseconds / 1_000_000_000
        self.router?.abandon("the router has not acknowledged an event for \(seconds) s")
    }

    // MARK: - Reading

    private func read(_ scan: RelayScan, mark: Bool, horizon: Bool) {
        if mark {
            self.ask(self.statements.mark) { row in
                guard row.count == 3, let last = row[0].flatMap({ Int64($0) }),
                    let xid = row[1].flatMap({ UInt64($0) }), let sequence = row[2].flatMap({ Int64($0) })
                else { return self.failed("relay_mark", "it answered with something else") }
                self.machine.marked(last: last, horizon: xid, sequence: sequence, at: .now())
            }
        }
        if horizon {
            self.ask(self.statements.horizon) { row in
                guard let oldest = row.first.flatMap({ $0 }).flatMap({ UInt64($0) }) else { return }
                self.machine.horizonSeen(oldest: oldest, at: .now())
            }
        }
        let isOfHeld = scan.kind == .probes || scan.kind == .backlog
        self.database?.send(
            self.statements.read,
            RelayStatements.reading(
                scan, held: isOfHeld ? nil : self.heldTopics(),
                wanted: scan.kind == .backlog ? self.machine.held.backlogTopics : nil,
                largest: self.router?.greatestMessage ?? 0),
            isSet: true, handler: OutboxScan(epoch: self.epoch, relay: self))
    }

    /// The same for scan after scan, and it may be long.
    private func heldTopics() -> String? {
        guard !self.machine.held.isEmpty else { return nil }
        let generation = self.machine.held.generation
        if let known = self.heldNames, known.generation == generation { return known.text }
        let text = SQLText.array(self.machine.held.names)
        self.heldNames = (text, generation)
        return text
    }

    private func askForHolder() {
        self.ask(self.statements.holder) { row in
            guard row.count == 5 else { return }
            self.observer(
                .relayHeldBack(
                    backend: row[0] ?? "", prepared: row[1] ?? "", database: row[2] ?? "", user: row[3] ?? "",
                    application: row[4] ?? ""))
        }
    }

    /// A scan has brought a row.
    func take(_ event: OutboxEvent, of epoch: Int) {
        guard epoch == self.epoch, self.finished == nil,
            self.machine.rowRead(id: event.id, topic: event.topic, octets: event.octets)
        else { return }
        self.publish(event)
    }

    /// A scan says that the outbox's ids begin anew.
    func sequenceWentBack(of epoch: Int) {
        guard epoch == self.epoch else { return }
        self.machine.sequenceWentBack()
        self.observer(.outboxBeginsAnew)
    }

    /// A scan is at its end.
    func scanned(rows: Int, last: Int64?, outcome: WorkOutcome, epoch: Int) {
        guard epoch == self.epoch else { return }
        switch outcome {
        case .committed:
            self.failure = nil
            let foundAsleep = self.machine.foundAsleep
            self.machine.readEnded(rows: rows, last: last, at: .now())
            if self.machine.foundAsleep > foundAsleep { self.observer(.eventsFoundAsleep(rows)) }
            self.advance()
        case .failed(let error) where error.sqlstate == Self.lockNotAvailable:
            let reason = "the outbox is locked: \(error.message)"
            self.observer(.relayFailed(statement: "relay_read", reason: reason))
            self.failure = reason
            self.machine.readFailed(at: .now())
            self.advance()
        case .failed(let error):
            self.failed("relay_read", error.description)
        case .canceled, .timedOut, .refused, .unknown:
            // The session is gone: the leader says so.
            break
        }
    }

    // MARK: - Publishing

    private func publish(_ event: OutboxEvent) {
        guard let router = self.router else { return }
        if let fault = event.fault { return self.unreadable(event, fault) }
        let topic: URI
        let options: PublishOptions
        do {
            topic = try URI(event.topic)
            options = try self.options.options(event.options)
        } catch {
            return self.unreadable(event, .malformed("\(error)"))
        }
        if self.unanswered.isEmpty { self.lastAnswer = .now() }
        let epoch = self.epoch
        let (id, name, octets) = (event.id, event.topic, event.octets)
        self.unanswered[id] = Unanswered(topic: name, octets: octets)
        router.publish(
            topic, options: options, payload: event.payload,
            patience: .nanoseconds(self.acknowledgeTimeout.nanoseconds / 2), timeout: self.acknowledgeTimeout * 2
        ) { result in
            guard epoch == self.epoch else { return }
            if case .failure(let error) = result, RefusedEvent(error) == .unknown {
                if error.code == .timeout { return self.abandonRouter() }
                // The session has ended: all that is under way is read again in the next.
                return
            }
            self.unanswered[id] = nil
            self.lastAnswer = .now()
            switch result {
            case .success:
                self.acknowledged.append(id)
                self.acknowledgedOctets += octets
                self.settled(id, topic: name)
            case .failure(let error):
                self.refused(id, topic: name, octets: octets, error)
            }
            self.answered()
        }
    }

    private func unreadable(_ event: OutboxEvent, _ fault: OutboxFault) {
        guard fault.isMomentary else {
            return self.giveUp(
                event.id, topic: event.topic, octets: event.octets, error: fault.error, message: fault.message,
                attempts: 0)
        }
        self.hold(event.id, topic: event.topic, octets: event.octets, error: fault.error, message: fault.message)
    }

    private func refused(_ id: Int64, topic: String, octets: Int, _ error: RequestError) {
        if RefusedEvent(error) == .forGood {
            self.giveUp(id, topic: topic, octets: octets, error: error.uri, message: error.message, attempts: 1)
        } else {
            self.hold(id, topic: topic, octets: octets, error: error.uri, message: error.message)
        }
    }

    private func hold(_ id: Int64, topic: String, octets: Int, error: String, message: String) {
        switch self.machine.refused(id, topic: topic, reason: error, octets: octets, at: .now()) {
        case .waits(let wait):
            self.observer(.eventHeld(topic: topic, event: id, reason: message, retryIn: wait))
        case .waitsAsGroup(let count):
            self.observer(.topicsHeld(count: count, reason: message))
        case .follows:
            break
        case .isGivenUp(let attempts):
            self.giveUp(id, topic: topic, octets: octets, error: error, message: message, attempts: attempts)
        }
    }

    /// The router has the event, or never will.
    private func settled(_ id: Int64, topic: String) {
        let count = self.machine.settled(id, topic: topic)
        if count > 0 { self.observer(.topicsReleased(count: count)) }
    }

    /// Sends the deletions before more is read.
    private func answered() {
        if self.unanswered.isEmpty || self.acknowledged.count >= Self.mostAcknowledged { self.deleteAcknowledged() }
        self.finishIfDone()
        self.advance()
    }

    // MARK: - Out of the table

    private func deleteAcknowledged() {
        guard !self.acknowledged.isEmpty, let database = self.database else { return }
        let ids = self.acknowledged
        self.acknowledged.removeAll(keepingCapacity: true)
        self.machine.finished(ids.count, octets: self.acknowledgedOctets)
        self.acknowledgedOctets = 0
        self.removals += 1
        database.send(
            self.statements.delete, RelayStatements.deleting(RemovedRows(ids)),
            handler: RelayAnswer(relay: self, name: "relay_delete", isRemoval: true) { row in
                let deleted = row.first.flatMap { $0 }.flatMap { Int($0) } ?? 0
                if deleted < ids.count {
                    self.observer(.eventsPublishedTwice(atLeast: ids.count - deleted))
                }
            })
    }

    /// A statement that takes rows out of the table has been answered.
    func removalEnded() {
        self.removals -= 1
        self.finishIfDone()
    }

    /// An event that was read is not to be sent (again).
    private func giveUp(_ id: Int64, topic: String, octets: Int, error: String, message: String, attempts: Int) {
        self.settled(id, topic: topic)
        self.machine.finished(1, octets: octets)
        self.bury(id, topic: topic, error: error, message: message, attempts: attempts)
    }

    /// Moves an event to the dead letters, within the database.
    private func bury(_ id: Int64, topic: String, error: String, message: String, attempts: Int) {
        self.observer(.eventBuried(topic: topic, event: id, reason: message))
        guard let database = self.database else { return }
        self.removals += 1
        database.send(
            self.statements.bury,
            RelayStatements.burying(id, error: error, message: message, attempts: attempts),
            handler: RelayAnswer(relay: self, name: "relay_bury", isRemoval: true) { _ in })
    }

    private func truncate() {
        let epoch = self.epoch
        self.database?.send(
            self.statements.truncate, Parameters(),
            handler: RelayAnswer(relay: self, name: "relay_truncate") { _ in
                guard epoch == self.epoch else { return }
                self.machine.truncated()
                self.advance()
            })
    }

    // MARK: - The wake lock

    private func tryLock() {
        let epoch = self.epoch
        guard let database = self.database else { return }
        database.send(
            self.statements.lock, RelayStatements.key(self.wakeLock),
            handler: RelayAnswer(relay: self, name: "pg_try_advisory_lock") { row in
                let isOurs = row.first.flatMap { $0 } == "t"
                guard epoch == self.epoch else {
                    // Leading, or the session with the router, ended meanwhile; the session with the database may go on.
                    if isOurs { self.unlock(database) }
                    return
                }
                self.machine.lockAnswered(isOurs, at: .now())
                self.advance()
            })
    }

    private func unlock(_ database: DatabaseSession?) {
        database?.send(
            self.statements.unlock, RelayStatements.key(self.wakeLock),
            handler: RelayAnswer(relay: self, name: "pg_advisory_unlock") { _ in })
        database?.flush()
    }

    // MARK: - Failures

    private func ask(_ statement: Statement, _ answer: @escaping ([String?]) -> Void) {
        let epoch = self.epoch
        self.database?.send(
            statement, Parameters(),
            handler: RelayAnswer(relay: self, name: "the relay's question") { row in
                guard epoch == self.epoch else { return }
                answer(row)
            })
    }

    /// Something that can't fail has failed: everything is begun anew, in a new session.
    func failed(_ what: String, _ reason: String) {
        self.observer(.relayFailed(statement: what, reason: reason))
        self.failure = "\(what): \(reason)"
        self.database?.abandon("the outbox's relay could not go on: \(reason)")
    }
}

import NIOCore
import Postgres
import SidecarConfiguration
import WAMP
import WAMPClient

/// Publishes what committed transactions have put into the outbox, in order and at least once. On the event loop.
///
/// The driver of ``RelayStateMachine``, at work while this sidecar leads and is joined: it reads, publishes with acknowledgement, and deletes
/// what the router has. No transaction is open while it waits for the router, and no row is locked.
final class OutboxRelay {
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
    private var held = HeldTopics()
    private var options = PublishOptionsCache()

    private var unanswered = 0
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
        eventLoop: any EventLoop, observer: @escaping (Observation) -> Void
    ) {
        self.statements = RelayStatements(schema: schema)
        self.wakeLock = wakeLock
        self.channel = channel
        self.settings = settings
        self.acknowledgeTimeout = TimeAmount(settings.acknowledgeTimeout)
        self.eventLoop = eventLoop
        self.observer = observer
        self.machine = RelayStateMachine(batch: settings.batch)
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

    func left() {
        self.router = nil
        self.end()
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
            if self.unanswered == 0 { self.end() }
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
        self.unanswered = 0
        self.acknowledged.removeAll()
        self.acknowledgedOctets = 0
        self.held.removeAll()
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
            case .read(let after, let mark, let horizon):
                self.read(after: after, mark: mark, horizon: horizon)
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
        var until = until
        if let retry = self.held.nextRetry { until = min(until, retry) }
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: until) {
            self.timer = nil
            self.releaseTopics()
            self.advance()
        }
    }

    private func releaseTopics() {
        if self.held.release(at: .now()) { self.machine.rescan() }
    }

    private func scheduleCheck() {
        self.check = self.eventLoop.assumeIsolated().scheduleTask(in: Self.checkInterval) {
            guard self.isRunning else { return }
            self.scheduleCheck()
            if self.unanswered > 0, .now() - self.lastAnswer > self.acknowledgeTimeout {
                return self.abandonRouter()
            }
            self.releaseTopics()
            self.advance()
        }
    }

    private func abandonRouter() {
        let seconds = self.acknowledgeTimeout.nanoseconds / 1_000_000_000
        self.router?.abandon("the router has not acknowledged an event for \(seconds) s")
    }

    // MARK: - Reading

    private func read(after: Int64, mark: Bool, horizon: Bool) {
        if mark {
            self.ask(self.statements.mark) { row in
                guard let last = row.first.flatMap({ $0 }).flatMap({ Int64($0) }),
                    let xid = row.last.flatMap({ $0 }).flatMap({ UInt64($0) })
                else { return self.failed("relay_mark", "it answered with something else") }
                self.machine.marked(last: last, horizon: xid)
            }
        }
        if horizon {
            self.ask(self.statements.horizon) { row in
                guard let oldest = row.first.flatMap({ $0 }).flatMap({ UInt64($0) }) else { return }
                self.machine.horizonSeen(oldest: oldest)
            }
        }
        self.database?.send(
            self.statements.read,
            RelayStatements.reading(after: after, rows: self.settings.batch, held: self.held.topics), isSet: true,
            handler: OutboxScan(epoch: self.epoch, relay: self))
    }

    /// A scan has brought a row.
    func take(_ event: OutboxEvent, of epoch: Int) {
        guard epoch == self.epoch, self.finished == nil else { return }
        if self.held.isHeld(event.topic) {
            return self.machine.rowSkipped(id: event.id)
        }
        self.machine.rowRead(id: event.id, octets: event.octets)
        self.publish(event)
    }

    /// A scan is at its end.
    func scanned(rows: Int, last: Int64, outcome: WorkOutcome, epoch: Int) {
        guard epoch == self.epoch else { return }
        switch outcome {
        case .committed:
            let foundAsleep = self.machine.foundAsleep
            self.machine.readEnded(rows: rows, last: last, at: .now())
            if self.machine.foundAsleep > foundAsleep { self.observer(.eventsFoundAsleep(rows)) }
            self.advance()
        case .failed(let error) where error.sqlstate == Self.lockNotAvailable:
            self.observer(.relayFailed(statement: "relay_read", reason: "the outbox is locked: \(error.message)"))
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
        let topic: URI
        let options: PublishOptions
        do {
            if let fault = event.fault { throw fault }
            topic = try URI(event.topic)
            options = try self.options.options(event.options)
        } catch {
            return self.bury(
                event.id, topic: event.topic, octets: event.octets, error: WAMPError.invalidArgument.text,
                message: "\(error)", attempts: 0)
        }
        if self.unanswered == 0 { self.lastAnswer = .now() }
        self.unanswered += 1
        let epoch = self.epoch
        let (id, name, octets) = (event.id, event.topic, event.octets)
        router.publish(topic, options: options, payload: event.payload) { result in
            guard epoch == self.epoch else { return }
            self.unanswered -= 1
            self.lastAnswer = .now()
            switch result {
            case .success: self.acknowledge(id, topic: name, octets: octets)
            case .failure(let error): self.refused(id, topic: name, octets: octets, error)
            }
        }
    }

    private func acknowledge(_ id: Int64, topic: String, octets: Int) {
        self.held.settled(id, topic: topic)
        self.acknowledged.append(id)
        self.acknowledgedOctets += octets
        self.answered()
    }

    private func refused(_ id: Int64, topic: String, octets: Int, _ error: RequestError) {
        switch RefusedEvent(error) {
        case .forGood:
            self.bury(id, topic: topic, octets: octets, error: error.uri, message: error.message, attempts: 1)
        case .forTheMoment:
            let (attempts, wait) = self.held.refused(id, topic: topic, at: .now())
            if attempts >= self.settings.attempts {
                self.bury(
                    id, topic: topic, octets: octets, error: error.uri, message: error.message, attempts: attempts)
                self.machine.rescan()
            } else {
                self.machine.putBack(octets: octets)
                if attempts > 0 {
                    self.observer(.eventHeld(topic: topic, event: id, reason: error.message, retryIn: wait))
                }
            }
        case .unknown:
            // The session has ended: all that is under way is read again in the next.
            return
        }
        self.answered()
    }

    /// Sends the deletions before more is read.
    private func answered() {
        if self.unanswered == 0 || self.acknowledged.count >= Self.mostAcknowledged { self.deleteAcknowledged() }
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
            self.statements.delete, RelayStatements.deleting(ids),
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

    /// Moves an event to the dead letters.
    private func bury(_ id: Int64, topic: String, octets: Int, error: String, message: String, attempts: Int) {
        self.held.settled(id, topic: topic)
        self.observer(.eventBuried(topic: topic, event: id, reason: message))
        self.machine.finished(1, octets: octets)
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
        self.database?.abandon("the outbox's relay could not go on: \(reason)")
    }
}

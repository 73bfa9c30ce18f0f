package import NIOCore
package import Names
import Postgres
import WAMP
package import WAMPClient

/// Publishes the events that committed transactions have put into the outbox, in order and at least once. On the event
/// loop.
///
/// The driver of ``RelayStateMachine``, at work while this sidecar leads and is joined: it reads, publishes with
/// acknowledgement, and deletes the accepted events. No transaction is open while it waits for the router, and no row
/// is locked.
package final class OutboxRelay {
    private static let checkInterval = TimeAmount.seconds(1)

    private let statements: RelayStatements
    private let wakeLock: (Int32, Int32)
    private let channel: String
    /// The keyword argument with an event's uuid; nil for none.
    private(set) var eventID: String?
    private var acknowledgeTimeout: TimeAmount
    private let eventLoop: any EventLoop
    private let observer: (OutboxEvent) -> Void
    private let changed: () -> Void

    private var machine: RelayStateMachine
    private var database: (any LeaderSession)?
    private var router: Session?
    /// A turn of the loop is under way: the turn itself handles the consequences.
    private var isAdvancing = false
    private var timer: Scheduled<Void>?
    private var check: Scheduled<Void>?
    private var heldNames = HeldNames()
    private var options = PublishOptionsCache()
    private var finished: (() -> Void)?

    /// - Parameters:
    ///   - schema: the schema of the SQL interface, as an identifier.
    ///   - wakeLock: the advisory lock that the relay holds while it sleeps.
    ///   - channel: the channel on which writers wake it.
    ///   - changed: ``failure`` has changed.
    package init(
        schema: String, wakeLock: (Int32, Int32), channel: String, settings: RelaySettings,
        eventLoop: any EventLoop, observer: @escaping (OutboxEvent) -> Void, changed: @escaping () -> Void
    ) {
        self.changed = changed
        self.statements = RelayStatements(schema: schema)
        self.wakeLock = wakeLock
        self.channel = channel
        self.eventID = settings.eventID
        self.acknowledgeTimeout = settings.acknowledgeTimeout
        self.eventLoop = eventLoop
        self.observer = observer
        self.machine = RelayStateMachine(
            batch: settings.batch, attempts: settings.attempts, patience: self.acknowledgeTimeout)
    }

    /// Other settings hold from now on; what is under way stays so.
    package func change(_ settings: RelaySettings) {
        self.eventID = settings.eventID
        self.acknowledgeTimeout = settings.acknowledgeTimeout
        self.machine.change(
            batch: settings.batch, attempts: settings.attempts, patience: settings.acknowledgeTimeout)
    }

    /// Why the last attempt to empty the outbox failed, also in a lost session; nil if it succeeded.
    package var failure: String? { self.machine.failure }

    /// Since when events wait, none of which has left the outbox; nil: none does, as far as is known.
    package var waitingSince: NIODeadline? { self.machine.waitingSince }

    /// What became of the events that were read.
    package var counts: RelayCounts { self.machine.counts }

    /// How long it took from an event's publication until the router had it.
    package var delay: Histogram { self.machine.delay }

    /// How many events the router has, and has not answered.
    package var underWayCount: Int { self.machine.underWayCount }

    /// How many topics wait because the router refuses an event of theirs.
    package var heldTopicCount: Int { self.machine.held.count }

    /// Whether an event is under way that was under way when an earlier session with the router ended.
    package var isSuspectUnderWay: Bool { self.machine.isSuspectUnderWay }

    // MARK: - The two ends

    /// This sidecar leads: it empties the outbox, by this session.
    package func lead(_ database: any LeaderSession) {
        self.database = database
        self.machine.lead()
        let epoch = self.machine.epoch
        database.listen(to: self.channel) { result in
            switch result {
            case .success:
                let now = self.eventLoop.now
                self.run(self.machine.listening(in: epoch, at: now), at: now)
            case .failure(let failure):
                switch self.machine.listenFailed(failure.description, in: epoch) {
                case .nothing: break
                case .abandon(let failure): self.abandon(failure)
                }
            }
        }
    }

    /// This sidecar leads no more. The session is lost, or is about to release its locks.
    package func stopLeading() {
        switch self.machine.stopLeading() {
        case .nothing: break
        case .end(let end): self.end(end)
        }
        self.database = nil
        self.finishIfDone()
    }

    package func joined(_ router: Session) {
        self.router = router
        let now = self.eventLoop.now
        self.run(self.machine.joined(at: now), at: now)
    }

    package func left() {
        self.router = nil
        switch self.machine.left() {
        case .nothing: break
        case .end(let end, let letter):
            self.end(end)
            if let letter { self.bury(letter) }
            self.database?.flush()
        }
        self.finishIfDone()
    }

    /// A notification came in the leader's session.
    package func notified(channel: String) {
        guard channel == self.channel else { return }
        self.machine.notified()
        self.advance(at: self.eventLoop.now)
    }

    /// The router accepts output again.
    package func writable() {
        self.advance(at: self.eventLoop.now)
    }

    /// Publishes nothing more; `completion` is called when all events under way have been answered and deleted.
    package func finish(completion: @escaping () -> Void) {
        self.finished = completion
        self.machine.finish()
        self.finishIfDone()
    }

    private func finishIfDone() {
        while true {
            switch self.machine.finishing() {
            case .nothing:
                return
            case .end(let end):
                self.end(end)
            case .finished:
                let finished = self.finished
                self.finished = nil
                finished?()
            }
        }
    }

    private func run(_ action: RelayStateMachine.StartAction, at now: NIODeadline) {
        switch action {
        case .nothing: break
        case .start:
            self.heldNames.forget()
            self.scheduleCheck()
            self.advance(at: now)
        }
    }

    private func end(_ end: RelayStateMachine.RunEnd) {
        self.timer?.cancel()
        self.check?.cancel()
        if end.givesLockBack { self.unlock(self.database) }
        if !end.deletes.isEmpty { self.delete(end.deletes) }
        self.database?.flush()
    }

    // MARK: - The loop

    private func advance(at now: NIODeadline) {
        guard self.machine.isRunning, !self.isAdvancing, let database = self.database else { return }
        self.isAdvancing = true
        defer { self.isAdvancing = false }
        self.timer?.cancel()
        self.timer = nil
        loop: while self.router?.isWritable == true {
            switch self.machine.next(at: now) {
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
                break loop
            case .rest(let until):
                self.wait(until)
                self.renewSoon()
                break loop
            case .nothing:
                break loop
            }
        }
        database.flush()
    }

    /// Not now: the session may be in the middle of handing results over.
    private func renewSoon() {
        let epoch = self.machine.epoch
        self.eventLoop.assumeIsolated().execute {
            guard self.machine.mayRenew(in: epoch) else { return }
            self.database?.renewIfGrown()
        }
    }

    private func wait(_ until: NIODeadline) {
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: until) {
            self.timer = nil
            self.advance(at: self.eventLoop.now)
        }
    }

    private func scheduleCheck() {
        self.check = self.eventLoop.assumeIsolated().scheduleTask(in: Self.checkInterval) {
            let now = self.eventLoop.now
            switch self.machine.check(at: now) {
            case .stop:
                break
            case .goOn:
                self.scheduleCheck()
                self.advance(at: now)
            case .abandonRouter(let reason):
                self.scheduleCheck()
                self.router?.abandon(reason)
            }
        }
    }

    // MARK: - Reading

    private func read(_ scan: RelayScan, mark: Bool, horizon: Bool) {
        let epoch = self.machine.epoch
        if mark {
            self.ask(self.statements.mark) { row in
                guard let mark = ScanBound.Mark(row) else {
                    return self.failed("relay_mark", "its answer is malformed")
                }
                self.machine.marked(mark, of: epoch, at: self.eventLoop.now)
            }
        }
        if horizon {
            self.ask(self.statements.horizon) { row in
                guard let oldest = row.first.flatMap({ $0 }).flatMap({ UInt64($0) }) else { return }
                self.machine.horizonSeen(oldest: oldest, of: epoch, at: self.eventLoop.now)
            }
        }
        self.database?.send(
            self.statements.read,
            RelayStatements.reading(
                scan, held: scan.leavesOutHeld ? self.heldNames.text(of: self.machine.held) : nil,
                wanted: scan.isOfBacklog ? self.machine.held.backlogTopics : nil,
                largest: self.router?.greatestMessage ?? 0),
            isSet: true, handler: OutboxScan(epoch: epoch, began: self.eventLoop.now, relay: self))
    }

    private func askForHolder() {
        self.ask(self.statements.holder) { row in
            guard row.count == 5 else { return }
            self.observer(
                .heldBack(
                    backend: row[0] ?? "", prepared: row[1] ?? "", database: row[2] ?? "", user: row[3] ?? "",
                    application: row[4] ?? ""))
        }
    }

    /// A scan has returned a row.
    ///
    /// - Parameter began: when the scan was sent.
    func take(_ row: OutboxRow, readAt began: NIODeadline, of epoch: Int) {
        guard let router = self.router,
            self.machine.take(row.id, topic: row.topic, octets: row.octets, of: epoch)
        else { return }
        self.publish(row, readAt: began, router)
    }

    /// A scan reports that the outbox's ids begin again.
    func sequenceWentBack(of epoch: Int) {
        if self.machine.sequenceWentBack(of: epoch) { self.observer(.idsSetBack) }
    }

    /// A scan has ended.
    func scanned(_ outcome: ScanOutcome, of epoch: Int) {
        let now = self.eventLoop.now
        switch self.machine.scanned(outcome, of: epoch, at: now) {
        case .nothing:
            break
        case .goOn(let event, let isFailureChanged):
            if let event { self.observer(event) }
            if isFailureChanged {
                if self.machine.failure == nil { self.observer(.relayRecovered) }
                self.changed()
            }
            self.advance(at: now)
        case .abandon(let failure):
            self.abandon(failure)
        }
    }

    // MARK: - Publishing

    private func publish(_ row: OutboxRow, readAt began: NIODeadline, _ router: Session) {
        if let fault = row.fault { return self.unreadable(row, fault) }
        let topic: URI
        let options: PublishOptions
        do {
            topic = try row.uri.get()
            options = try self.options.options(row.options)
        } catch {
            return self.unreadable(row, .malformed("\(error)"))
        }
        let (id, epoch) = (row.id, self.machine.epoch)
        self.machine.sent(
            id, topic: row.topic, octets: row.octets, published: PublishTime(age: row.age, at: began),
            at: self.eventLoop.now)
        router.publish(
            topic, options: options, payload: row.payload,
            patience: .nanoseconds(self.acknowledgeTimeout.nanoseconds / 2), timeout: self.acknowledgeTimeout * 2
        ) { result in
            self.answered(id, PublishAnswer(result), of: epoch)
        }
    }

    private func unreadable(_ row: OutboxRow, _ fault: OutboxFault) {
        self.run(
            self.machine.unreadable(row.id, topic: row.topic, octets: row.octets, fault, at: self.eventLoop.now))
    }

    private func answered(_ id: Int64, _ answer: PublishAnswer, of epoch: Int) {
        let now = self.eventLoop.now
        if self.run(self.machine.answered(id, answer, of: epoch, at: now)) { self.goOn(at: now) }
    }

    /// Sends the deletions before more is read.
    private func goOn(at now: NIODeadline) {
        switch self.machine.deletion() {
        case .nothing: break
        case .delete(let ids): self.delete(ids)
        }
        self.finishIfDone()
        self.advance(at: now)
    }

    /// Returns whether something has changed.
    @discardableResult
    private func run(_ action: RelayStateMachine.AnswerAction) -> Bool {
        switch action {
        case .nothing:
            return false
        case .goOn:
            return true
        case .report(let event):
            self.observer(event)
            return true
        case .giveUp(let letter, let event):
            if let event { self.observer(event) }
            self.bury(letter)
            return true
        case .abandonRouter(let reason):
            self.router?.abandon(reason)
            return false
        }
    }

    // MARK: - Deleting

    private func delete(_ ids: [Int64]) {
        self.database?.send(
            self.statements.delete, RelayStatements.deleting(RemovedRows(ids)), isSet: false,
            handler: RelayAnswer(relay: self, name: "relay_delete", isRemoval: true) { row in
                let deleted = row.first.flatMap { $0 }.flatMap { Int($0) } ?? 0
                if let event = self.machine.deleted(deleted, of: ids.count) { self.observer(event) }
            })
    }

    /// Moves an event to the dead letters, within the database.
    private func bury(_ letter: DeadLetter) {
        self.observer(.deadLetter(topic: letter.topic, event: letter.event, reason: letter.message))
        self.database?.send(
            self.statements.bury, RelayStatements.burying(letter), isSet: false,
            handler: RelayAnswer(relay: self, name: "relay_bury", isRemoval: true) { _ in })
    }

    /// A statement that deletes rows has been answered.
    func removalEnded() {
        self.machine.removalEnded()
        self.finishIfDone()
    }

    private func truncate() {
        let epoch = self.machine.epoch
        self.database?.send(
            self.statements.truncate, Parameters(), isSet: false,
            handler: RelayAnswer(relay: self, name: "relay_truncate") { _ in
                if self.machine.truncated(in: epoch) { self.advance(at: self.eventLoop.now) }
            })
    }

    // MARK: - The wake lock

    private func tryLock() {
        let epoch = self.machine.epoch
        guard let database = self.database else { return }
        database.send(
            self.statements.lock, RelayStatements.key(self.wakeLock), isSet: false,
            handler: RelayAnswer(relay: self, name: "pg_try_advisory_lock") { row in
                let isOurs = row.first.flatMap { $0 } == "t"
                let now = self.eventLoop.now
                switch self.machine.lockAnswered(isOurs, in: epoch, at: now) {
                case .nothing: break
                case .goOn: self.advance(at: now)
                case .giveBack: self.unlock(database)
                }
            })
    }

    private func unlock(_ database: (any LeaderSession)?) {
        database?.send(
            self.statements.unlock, RelayStatements.key(self.wakeLock), isSet: false,
            handler: RelayAnswer(relay: self, name: "pg_advisory_unlock") { _ in })
        database?.flush()
    }

    // MARK: - Failures

    private func ask(_ statement: Statement, _ answer: @escaping ([String?]) -> Void) {
        let epoch = self.machine.epoch
        self.database?.send(
            statement, Parameters(), isSet: false,
            handler: RelayAnswer(relay: self, name: "the relay's query") { row in
                guard epoch == self.machine.epoch else { return }
                answer(row)
            })
    }

    /// A statement that can't fail has failed.
    func failed(_ statement: String, _ reason: String) {
        self.abandon(self.machine.failed(statement, reason))
    }

    /// Everything begins again, in a new session.
    private func abandon(_ failure: RelayStateMachine.Failure) {
        self.observer(.relayFailed(statement: failure.statement, reason: failure.reason))
        if failure.isChanged { self.changed() }
        self.database?.abandon("the outbox's relay can't continue: \(failure.reason)", isHung: false)
    }
}

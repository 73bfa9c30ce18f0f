internal import NIOCore

/// The connections that run calls. On the event loop.
///
/// The driver of ``PoolStateMachine``: it owns the connections, sends what the machine says, ends what waited too long, and sees to it that
/// canceling one unit of work never harms another.
package final class Pool: ConnectionKeeperOwner {
    private static let tick = TimeAmount.milliseconds(100)
    /// How long a spare connection that is not needed is kept.
    private static let sparePatience = TimeAmount.seconds(30)
    /// How much longer than its timeout the server may take to end a call before it is believed to be stuck.
    private static let grace = TimeAmount.seconds(5)
    /// How much sooner than its timeout work can have been ended by it, as our clock sees it.
    private static let clockTolerance = TimeAmount.milliseconds(5)
    /// How often work is run again that the server canceled without having been asked to.
    private static let mostRepetitions = 5
    /// How often work is sent to sessions that turn out not to be clean. From the second time on the session is put in order ahead of it.
    private static let mostShutGates = 8

    /// A cancel under way: until both are true nothing is sent to that connection, because the signal could hit what runs then.
    private struct Cancellation {
        let number: Int
        var isSent = false
        var hasEnded = false
    }

    /// What the machine sends somewhere.
    private enum Item {
        case work(Work)
        case lease(Lease)
    }

    private let environment: DatabaseEnvironment
    private let part: ConnectionSettings.Part
    private let limits: PoolLimits
    private let control: Control
    private let observer: (DatabaseEvent) -> Void
    private var machine: PoolStateMachine<Item>
    /// What sessions are to be like when work begins.
    package var cleanSession: CleanSession
    /// Those for all times, and behind them as many spare ones.
    private lazy var keepers = (0..<PoolStateMachine<Item>.slots(self.limits)).map { _ in
        ConnectionKeeper(part: self.part, environment: self.environment, owner: self)
    }
    /// The slots of the spare connections that there are.
    private var spares: Set<Int> = []
    private var spareCheck: Scheduled<Void>?
    private var cancellations: [Int: Cancellation] = [:]
    /// The leases that are held, by their connection's slot.
    private var leases: [Int: Lease] = [:]
    private var lastCancellation = 0
    private var unflushed: [Connection] = []
    private var isFlushScheduled = false
    private var isPaused = false
    private var shortWait = ShortWait()
    private var isStopped = false
    /// What the observer was told last.
    private var isReportedAvailable = false
    private lazy var ticker = Ticker(every: Self.tick, on: self.environment.eventLoop) { [unowned self] in self.ticked()
    }

    /// - Parameters:
    ///   - part: what the connections are for.
    ///   - control: of the role that the connections are of; it ends what runs there.
    ///   - observer: told when calls become possible and impossible, and of each lost connection.
    package init(
        part: ConnectionSettings.Part = .calls, environment: DatabaseEnvironment, limits: PoolLimits, control: Control,
        observer: @escaping (DatabaseEvent) -> Void
    ) {
        self.part = part
        self.environment = environment
        self.limits = limits
        self.control = control
        self.observer = observer
        self.machine = PoolStateMachine(limits: limits)
        self.cleanSession = CleanSession(
            searchPath: "\"$user\", public", role: "none", timeout: environment.statementTimeout)
    }

    /// Whether there is a connection for calls.
    package var isAvailable: Bool { self.machine.isConnected }

    package func start() {
        self.keepers.prefix(self.limits.connections).forEach { $0.start() }
    }

    /// There is reason to believe that connecting works now.
    package func retrySoon() {
        self.keepers.forEach { $0.retrySoon() }
        self.control.retrySoon()
    }

    /// Closes all connections. Who submitted work is told that it was refused, or that its outcome is unknown.
    package func stop() {
        self.isStopped = true
        self.ticker.cancel()
        self.spareCheck?.cancel()
        for item in self.machine.expire(at: .distantFuture) {
            switch item {
            case .work(let work): self.end(work, .refused(.stopping))
            case .lease(let lease): self.end(lease, reason: nil)
            }
        }
        for keeper in self.keepers {
            keeper.connection?.abandon("the sidecar is stopping")
            keeper.stop()
        }
    }

    /// A new source of work.
    ///
    /// - Parameter concurrency: the most connections that it may be under way on; nil for all but one.
    package func addLane(concurrency: Int?) -> LaneID {
        self.machine.addLane(concurrency: concurrency)
    }

    /// Nothing more will be submitted there.
    package func removeLane(_ lane: LaneID) {
        self.machine.removeLane(lane)
    }

    /// The statement will not be used again.
    package func retire(_ statement: Statement) {
        for keeper in self.keepers { keeper.connection?.retire(statement) }
    }

    // MARK: - Work

    /// Runs a unit of work as soon as the rule of ``PoolStateMachine`` allows. Its handler may be called before this returns.
    package func submit(_ work: Work) {
        self.environment.eventLoop.assertInEventLoop()
        guard !self.isStopped else { return self.end(work, .refused(.stopping)) }
        switch self.machine.submit(.work(work), lane: work.lane, expires: work.expires, work.claim) {
        case .send(let slot):
            if self.send(work, slot: slot) {
                self.flushSoon()
                self.waitBrieflySoon(slot)
            } else {
                self.sendWhatCanBeSent()
            }
        case .wait:
            work.state = .waiting
        case .refuse:
            return self.end(work, .refused(.queueIsFull))
        }
        self.ticker.start()
    }

    /// Ends a unit of work as soon as possible, with ``WorkOutcome/canceled``, unless it ends otherwise before.
    package func interrupt(_ work: Work) {
        switch work.state {
        case .new, .ended:
            break
        case .waiting:
            let isIt = { (item: Item) in if case .work(let other) = item { other === work } else { false } }
            guard self.machine.withdraw(lane: work.lane, where: isIt) else { return }
            self.end(work, .canceled)
        case .sent(let connection, _):
            work.isInterrupted = true
            self.cancelHeadIfInterrupted(of: connection)
        }
    }

    /// Forgets a unit of work that has not been sent. One that was runs to its end.
    package func withdraw(_ work: Work) {
        guard case .waiting = work.state else { return }
        self.interrupt(work)
    }

    /// Takes no more results: what would come of them has nowhere to go. Except of what was interrupted, which still comes to its end, and of
    /// leases, whose holders pass nothing on.
    package func pause() {
        self.isPaused = true
        for (slot, keeper) in self.keepers.enumerated() where self.leases[slot] == nil { keeper.connection?.pause() }
    }

    package func resume() {
        guard self.isPaused else { return }
        self.isPaused = false
        // What the first of them brings may be too much for the router already.
        for keeper in self.keepers where !self.isPaused { keeper.connection?.resume() }
    }

    /// With nothing else to do, the answer of a function that takes microseconds is waited for at the end of this turn.
    private func waitBrieflySoon(_ slot: Int) {
        guard self.machine.underWayCount == 1, self.shortWait.isWorthwhile else { return }
        self.environment.eventLoop.assumeIsolated().execute {
            guard self.machine.underWayCount == 1, let connection = self.keepers[slot].connection else { return }
            connection.waitBriefly(ShortWait.patience)
        }
    }

    /// Returns false if the connection turned out to be broken; the work waits again then.
    @discardableResult
    private func send(_ work: Work, slot: Int) -> Bool {
        guard let connection = self.keepers[slot].connection, self.send(work, on: connection) else {
            work.state = .waiting
            self.machine.resubmit(.work(work), lane: work.lane, expires: work.expires, work.claim)
            return false
        }
        self.unflushed.append(connection)
        if connection.isRetiring { self.machine.retire(slot: slot) }
        return true
    }

    private func send(_ work: Work, on connection: Connection) -> Bool {
        guard !work.needsCleanSession else {
            return connection.send(work, afterReset: self.cleanSession, now: .now())
        }
        if connection.needsReset { connection.reset(self.cleanSession) }
        return connection.send(work, now: .now())
    }

    private func sendWhatCanBeSent() {
        while let (item, slot) = self.machine.next() {
            switch item {
            case .work(let work): self.send(work, slot: slot)
            case .lease(let lease): self.grant(lease, slot: slot)
            }
        }
        self.flush()
    }

    /// Where the library can send without a flush, one at the end of the turn serves all that was sent in it.
    private func flushSoon() {
        guard LibraryFeatures.canSendWithoutFlush else { return self.flush() }
        guard !self.isFlushScheduled else { return }
        self.isFlushScheduled = true
        self.environment.eventLoop.assumeIsolated().execute {
            self.isFlushScheduled = false
            self.flush()
        }
    }

    private func flush() {
        guard !self.unflushed.isEmpty else { return }
        let unflushed = self.unflushed
        self.unflushed.removeAll(keepingCapacity: true)
        for connection in unflushed { connection.flush() }
    }

    private func end(_ work: Work, _ outcome: WorkOutcome) {
        work.state = .ended
        work.handler.ended(work, outcome: outcome)
    }

    // MARK: - Results

    func ended(_ work: Work, error: DatabaseError?, affectedRows: Int?, ran: TimeAmount, on connection: Connection) {
        guard let slot = self.slot(of: connection) else { return }
        if self.leases[slot] != nil { return self.ended(onLease: work, error, affectedRows, ran: ran) }
        self.machine.ended(slot: slot, ran: ran)
        self.shortWait.record(ran)
        if connection.isRetiring { self.machine.retire(slot: slot) }
        if self.cancellations[slot] != nil {
            self.cancellations[slot]?.hasEnded = true
            self.settleCancellation(slot: slot)
        }
        self.cancelHeadIfInterrupted(of: connection)
        if Self.isGateShut(work, error, affectedRows) {
            connection.reset(self.cleanSession)
            self.unflushed.append(connection)
            return self.runAgain(work)
        }
        guard let error else { return self.end(work, .committed(affectedRows: affectedRows)) }
        guard error.sqlstate == "57014" else { return self.end(work, .failed(error)) }
        self.endCanceled(work, error)
    }

    /// Whether the work has not run, because something was left behind in its session.
    private static func isGateShut(_ work: Work, _ error: DatabaseError?, _ affectedRows: Int?) -> Bool {
        switch work.gate {
        case .none: false
        case .noRow: error == nil && affectedRows == 0
        case .error: error.map { CleanSession.isRaised($0) } ?? false
        }
    }

    private func runAgain(_ work: Work) {
        guard !work.isInterrupted else { return self.end(work, .canceled) }
        guard work.shutGates < Self.mostShutGates else { return self.end(work, .refused(.noCleanSession)) }
        work.shutGates += 1
        if work.shutGates > 1 { work.needsCleanSession = true }
        work.handler.restarted(work)
        self.sendAgain(work)
    }

    private func sendAgain(_ work: Work) {
        guard !self.isStopped else { return self.end(work, .refused(.stopping)) }
        work.state = .waiting
        self.machine.resubmit(
            .work(work), lane: work.lane, expires: .now() + self.limits.queueTimeout, work.claim)
    }

    /// The server canceled a statement: because we asked, because its time was over, or because a signal meant for another hit it.
    private func endCanceled(_ work: Work, _ error: DatabaseError) {
        var elapsed = TimeAmount.zero
        if case .sent(_, let sentAt) = work.state { elapsed = .now() - sentAt }
        if work.isInterrupted {
            self.end(work, .canceled)
        } else if elapsed >= work.timeout {
            self.end(work, .timedOut)
        } else if work.isRepeatable, !work.isPassedOn, work.repetitions < Self.mostRepetitions, !self.isStopped {
            work.repetitions += 1
            // A deadline that was left behind in the session does that, too.
            if work.repetitions > 1 { work.needsCleanSession = true }
            work.handler.restarted(work)
            self.sendAgain(work)
        } else {
            self.end(work, .failed(error))
        }
    }

    func turnEnded(on connection: Connection) {
        // What runs now may have been waiting for the session to be put in order when it was interrupted.
        self.cancelHeadIfInterrupted(of: connection)
        if let slot = self.slot(of: connection), let lease = self.leases[slot] { lease.handler.turnEnded(lease) }
        self.sendWhatCanBeSent()
    }

    func resetEnded(on connection: Connection) {
        guard connection.isRetiring, let slot = self.slot(of: connection) else { return }
        self.machine.retire(slot: slot)
    }

    func notSent(_ work: Work) {
        guard !work.isInterrupted else { return self.end(work, .canceled) }
        guard work.shutGates < Self.mostShutGates else { return self.end(work, .refused(.noCleanSession)) }
        work.shutGates += 1
        self.sendAgain(work)
    }

    func notified(channel: String, payload: UnsafeRawBufferPointer, on connection: Connection) {}

    // MARK: - Leases

    /// Asks for a connection that is the handler's own until it gives it back. It waits in the same queue as work does, without an end.
    ///
    /// - Parameter handler: told when the connection is there; that may be before this returns.
    package func lease(lane: LaneID, handler: any LeaseHandler) -> Lease {
        let lease = Lease(lane: lane, handler: handler, pool: self)
        guard !self.isStopped else {
            self.end(lease, reason: nil)
            return lease
        }
        if let slot = self.machine.lease(.lease(lease), lane: lane) {
            self.grant(lease, slot: slot)
        }
        self.ticker.start()
        return lease
    }

    /// Whether anything waits for a connection.
    var hasWaiting: Bool { self.machine.waitingCount > 0 }

    /// Puts the session in order if something may have been left behind in it.
    func putInOrder(_ connection: Connection) {
        if connection.needsReset { connection.reset(self.cleanSession) }
    }

    /// Something was sent on this connection, outside of the queue.
    func flushSoon(_ connection: Connection) {
        self.unflushed.append(connection)
        self.flushSoon()
    }

    func release(_ lease: Lease) {
        switch lease.state {
        case .waiting:
            let isIt = { (item: Item) in if case .lease(let other) = item { other === lease } else { false } }
            _ = self.machine.withdraw(lane: lease.lane, where: isIt)
        case .held(let connection, let slot):
            self.leases[slot] = nil
            if self.isPaused { connection.pause() }
            self.machine.released(slot: slot)
            if connection.isRetiring { self.machine.retire(slot: slot) }
        case .ended:
            return
        }
        lease.state = .ended
        self.sendWhatCanBeSent()
    }

    private func grant(_ lease: Lease, slot: Int) {
        guard let connection = self.keepers[slot].connection else {
            self.machine.released(slot: slot)
            return self.machine.leaseAgain(.lease(lease), lane: lease.lane)
        }
        self.leases[slot] = lease
        lease.state = .held(connection, slot: slot)
        if self.isPaused {
            // Not at once: the connection may be found broken, and the holder does not have its lease yet.
            self.environment.eventLoop.assumeIsolated().execute {
                if self.leases[slot] === lease { connection.resume() }
            }
        }
        lease.handler.granted(lease)
    }

    private func end(_ lease: Lease, reason: String?) {
        lease.state = .ended
        lease.handler.lost(lease, reason: reason)
    }

    private func ended(onLease work: Work, _ error: DatabaseError?, _ affectedRows: Int?, ran: TimeAmount) {
        work.ran = ran
        guard let error else { return self.end(work, .committed(affectedRows: affectedRows)) }
        // Nobody cancels here: it was the deadline, or a signal from elsewhere.
        let isDeadline = error.sqlstate == "57014" && ran + Self.clockTolerance >= work.timeout
        self.end(work, isDeadline ? .timedOut : .failed(error))
    }

    // MARK: - Canceling

    private func cancelHeadIfInterrupted(of connection: Connection) {
        guard let head = connection.head, head.isInterrupted, let slot = self.slot(of: connection),
            self.cancellations[slot] == nil
        else { return }
        self.lastCancellation += 1
        let number = self.lastCancellation
        self.cancellations[slot] = Cancellation(number: number)
        self.machine.block(slot: slot)
        self.control.cancel(backend: connection.backend) {
            guard self.cancellations[slot]?.number == number else { return }
            self.cancellations[slot]?.isSent = true
            self.settleCancellation(slot: slot)
            self.sendWhatCanBeSent()
        }
        connection.drain()
    }

    private func settleCancellation(slot: Int) {
        guard let cancellation = self.cancellations[slot], cancellation.isSent, cancellation.hasEnded else { return }
        self.cancellations[slot] = nil
        self.machine.unblock(slot: slot)
        if let connection = self.keepers[slot].connection { self.cancelHeadIfInterrupted(of: connection) }
    }

    // MARK: - Spare connections

    /// A backend has begun to wait for the answer to a call out of the database, or waits no more: what it called may come back here, so its
    /// connection does not count meanwhile. Fine for backends of others.
    package func backend(_ backend: Int32, waits: Bool) {
        guard !self.isStopped, let slot = self.keepers.firstIndex(where: { $0.connection?.backend == backend }) else {
            return
        }
        if waits {
            self.machine.suspend(slot: slot)
            self.startSpares()
        } else {
            self.machine.resume(slot: slot)
            self.stopSparesLater()
        }
        self.sendWhatCanBeSent()
    }

    private func startSpares() {
        let wanted = self.machine.wantedSlots - self.limits.connections
        for slot in self.limits.connections..<self.keepers.count where self.spares.count < wanted {
            guard self.spares.insert(slot).inserted else { continue }
            self.keepers[slot].start()
        }
    }

    private func stopSparesLater() {
        guard self.spareCheck == nil, !self.spares.isEmpty else { return }
        self.spareCheck = self.environment.eventLoop.assumeIsolated().scheduleTask(in: Self.sparePatience) {
            self.spareCheck = nil
            self.stopSpares()
        }
    }

    private func stopSpares() {
        let surplus = self.spares.count - (self.machine.wantedSlots - self.limits.connections)
        let idle = self.spares.sorted().reversed().filter { self.machine.isIdle(slot: $0) }
        for slot in idle.prefix(max(surplus, 0)) {
            self.spares.remove(slot)
            self.keepers[slot].stop()
            self.machine.disconnected(slot: slot)
            self.keepers[slot] = ConnectionKeeper(part: self.part, environment: self.environment, owner: self)
        }
        self.stopSparesLater()
    }

    // MARK: - Connections

    func connected(_ connection: Connection, keeper: ConnectionKeeper) {
        guard let slot = self.keepers.firstIndex(where: { $0 === keeper }) else { return }
        self.machine.connected(slot: slot)
        if self.isPaused { connection.pause() }
        if !self.isReportedAvailable {
            self.isReportedAvailable = true
            self.observer(.callsAvailable)
        }
        self.observer(.connected(self.part, backend: connection.backend, serverVersion: connection.serverVersion))
        self.sendWhatCanBeSent()
    }

    func failed(_ failure: ConnectFailure, keeper: ConnectionKeeper) {
        self.observer(.connectFailed(self.part, failure))
        self.reportIfUnavailable(failure.description)
    }

    func lost(_ connection: Connection, reason: String?, unanswered: [(work: Work, error: DatabaseError?)]) {
        guard let slot = self.slot(of: connection) else { return }
        self.cancellations[slot] = nil
        self.machine.disconnected(slot: slot)
        self.keepers[slot].connectionEnded(reason: reason)
        if let reason, !self.isStopped {
            self.observer(.lost(self.part, reason: reason))
            self.reportIfUnavailable(reason)
        }
        for (work, error) in unanswered {
            self.end(work, error.map { .failed($0) } ?? .unknown(reason: reason ?? "the connection was closed"))
        }
        if let lease = self.leases.removeValue(forKey: slot) { self.end(lease, reason: reason) }
        // What its lanes held is free for the other connections.
        if !self.isStopped { self.sendWhatCanBeSent() }
    }

    /// Says once that the last connection is gone. One that was replaced on purpose is not missed until connecting again has failed.
    private func reportIfUnavailable(_ reason: String) {
        guard self.isReportedAvailable, !self.isAvailable, !self.isStopped else { return }
        self.isReportedAvailable = false
        self.observer(.callsUnavailable(reason: reason))
    }

    func finish(_ handle: ConnectionHandle) {
        self.environment.connector.finish(handle)
    }

    private func slot(of connection: Connection) -> Int? {
        self.keepers.firstIndex { $0.connection === connection }
    }

    // MARK: - Time

    /// Returns whether something still waits or runs.
    private func ticked() -> Bool {
        let now = NIODeadline.now()
        for case .work(let work) in self.machine.expire(at: now) {
            self.end(work, .refused(.waitedTooLong(isDatabaseAvailable: self.isAvailable)))
        }
        for keeper in self.keepers {
            guard let connection = keeper.connection, !connection.isHeld, let head = connection.first,
                now - connection.headSince > head.timeout + Self.grace
            else { continue }
            connection.abandon("the server did not end a call within its timeout", isHung: true)
        }
        return self.machine.waitingCount > 0 || self.machine.underWayCount > 0
    }
}

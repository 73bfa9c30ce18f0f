internal import NIOCore
package import Names

/// The connections that run calls. On the event loop.
///
/// The driver of ``PoolStateMachine`` and ``CancelStateMachine``: it owns the connections and runs the machines'
/// actions. ``Attempts`` decides whether work runs again.
package final class Pool: ConnectionKeeperOwner {
    private static let tick = TimeAmount.milliseconds(100)
    /// How long an unneeded spare connection is kept.
    static let sparePatience = TimeAmount.seconds(30)
    /// How long after a call's timeout the server is considered stuck.
    private static let grace = TimeAmount.seconds(5)
    /// How much sooner than its timeout, by the sidecar's clock, the server can have ended work by it.
    static let clockTolerance = TimeAmount.milliseconds(5)

    private enum State {
        case running
        /// No results are read.
        case paused
        case stopped
    }

    /// The work and leases that the machine assigns.
    enum Item {
        case work(Work)
        case lease(Lease)
    }

    let environment: DatabaseEnvironment
    let part: ConnectionSettings.Part
    package internal(set) var limits: PoolLimits
    let control: Control
    let observer: (DatabaseEvent) -> Void
    var machine: PoolStateMachine<Item>
    /// The state of a clean session.
    package var cleanSession: CleanSession
    /// Of each slot.
    var keepers: [ConnectionKeeper] = []
    var cancels: CancelStateMachine
    var hasStarted = false
    var spareCheck: Scheduled<Void>?
    /// The leases that are held, by their connection's slot.
    var leases: [Int: Lease] = [:]
    var unflushed: [Connection] = []
    private var isFlushScheduled = false
    private var shortWait = ShortWait()
    /// How long work waited that did not find a connection at once, and got one.
    package private(set) var queueWait = Histogram()
    private var state = State.running
    /// The last reported state.
    var isReportedAvailable = false
    /// Why connections are missing although there are others; nil: none is, as far as is known.
    package internal(set) var shortage: ConnectFailure?
    lazy var ticker = Ticker(every: Self.tick, on: self.environment.eventLoop) { [unowned self] in
        self.ticked()
    }

    /// - Parameters:
    ///   - part: what the connections are for.
    ///   - control: of the role that the connections are of; it ends what runs there.
    ///   - observer: called when calls become possible and impossible, and for each lost connection.
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
        self.cancels = CancelStateMachine(slots: self.machine.slotCount)
        self.cleanSession = CleanSession(
            searchPath: "\"$user\", public", role: "none", timeout: environment.statementTimeout)
        // Not when they are first needed: the limits may have changed by then.
        self.keepers = (0..<self.machine.slotCount).map { self.makeKeeper(slot: $0, environment) }
    }

    /// Whether there is a connection for calls.
    package var isAvailable: Bool { self.machine.isConnected }

    /// How many connections are open.
    package var openConnections: Int { self.machine.connections.open }

    /// On how many connections something is under way.
    package var busyConnections: Int { self.machine.connections.busy }

    /// How many connections are missing.
    package var missingConnections: Int { self.machine.missingConnections }

    /// How much waits for a connection.
    package var waitingCount: Int { self.machine.waitingCount }

    /// Now, as the event loop has it.
    var now: NIODeadline { self.environment.eventLoop.now }

    var isPaused: Bool {
        switch self.state {
        case .paused: true
        case .running, .stopped: false
        }
    }

    var isStopped: Bool {
        switch self.state {
        case .stopped: true
        case .running, .paused: false
        }
    }

    package func start() {
        self.hasStarted = true
        self.open(self.machine.permanentSlots)
    }

    /// There is reason to believe that the server can be reached now.
    package func retrySoon() {
        self.keepers.forEach { $0.retrySoon() }
        self.control.retrySoon()
    }

    /// Closes all connections. Work that was submitted ends: as refused, or with an unknown outcome.
    package func stop() {
        self.state = .stopped
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

    /// No more work will be submitted there.
    package func removeLane(_ lane: LaneID) {
        self.machine.removeLane(lane)
    }

    /// The statements will not be used again.
    package func retire(_ statements: [Statement]) {
        for statement in statements {
            for keeper in self.keepers { keeper.connection?.retire(statement) }
        }
    }

    // MARK: - Work

    /// Runs a unit of work as soon as the rule of ``PoolStateMachine`` allows. Its handler may be called before this
    /// returns.
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
            work.waitingSince = self.now
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
        case .sent(let slot, _):
            work.isInterrupted = true
            self.cancelIfInterrupted(slot)
        }
    }

    /// Forgets a unit of work that has not been sent. A sent one runs to its end.
    package func withdraw(_ work: Work) {
        guard case .waiting = work.state else { return }
        self.interrupt(work)
    }

    /// Reads no more results: there is no room for them. Exceptions are interrupted work, which still comes to its end,
    /// and leases, whose holders pass nothing on.
    package func pause() {
        guard !self.isStopped else { return }
        self.state = .paused
        for (slot, keeper) in self.keepers.enumerated() where self.leases[slot] == nil { keeper.connection?.pause() }
    }

    package func resume() {
        guard self.isPaused else { return }
        self.state = .running
        // The first rows may already be too much for the router.
        for keeper in self.keepers where !self.isPaused { keeper.connection?.resume() }
    }

    /// If there is nothing else to do, this turn ends by waiting for the answer of a function that takes microseconds.
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
        let now = self.now
        if let since = work.waitingSince {
            work.waitingSince = nil
            self.queueWait.observe(nanoseconds: (now - since).nanoseconds)
        }
        guard !work.needsCleanSession else {
            return connection.send(work, afterReset: self.cleanSession, now: now)
        }
        if connection.needsReset { connection.reset(self.cleanSession) }
        return connection.send(work, now: now)
    }

    func sendWhatCanBeSent() {
        while let (item, slot) = self.machine.next() {
            switch item {
            case .work(let work): self.send(work, slot: slot)
            case .lease(let lease): self.grant(lease, slot: slot)
            }
        }
        self.flush()
    }

    /// Where the library can send without a flush, one at the end of the turn serves all that was sent in it.
    func flushSoon() {
        guard LibraryFeatures.canSendWithoutFlush else { return self.flush() }
        guard !self.isFlushScheduled else { return }
        self.isFlushScheduled = true
        self.environment.eventLoop.assumeIsolated().execute {
            self.isFlushScheduled = false
            self.flush()
        }
    }

    private func flush() {
        while let connection = self.unflushed.popLast() { connection.flush() }
    }

    func end(_ work: Work, _ outcome: WorkOutcome) {
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
        self.run(self.cancels.ended(slot: slot), on: slot)
        self.cancelIfInterrupted(slot)
        if CleanSession.isGateShut(work.gate, error, affectedRows) {
            connection.reset(self.cleanSession)
            self.unflushed.append(connection)
            return self.run(work.attempts.didNotRun(isInterrupted: work.isInterrupted), work)
        }
        guard let error else { return self.end(work, .committed(affectedRows: affectedRows)) }
        guard error.sqlstate == "57014" else { return self.end(work, .failed(error)) }
        let canceled = Attempts.Canceled(
            isInterrupted: work.isInterrupted, isOutOfTime: work.sentAt.map { self.now - $0 >= work.timeout } ?? false,
            mayBeRepeated: work.isRepeatable && !work.isPassedOn && !self.isStopped, error: error)
        self.run(work.attempts.wasCanceled(canceled), work)
    }

    private func run(_ verdict: Attempts.Verdict, _ work: Work) {
        switch verdict {
        case .end(let outcome):
            self.end(work, outcome)
        case .runAgain(let inOrder):
            if inOrder { work.needsCleanSession = true }
            work.handler.restarted(work)
            self.sendAgain(work)
        }
    }

    private func sendAgain(_ work: Work) {
        guard !self.isStopped else { return self.end(work, .refused(.stopping)) }
        work.state = .waiting
        self.machine.resubmit(
            .work(work), lane: work.lane, expires: self.now + self.limits.queueTimeout, work.claim)
    }

    func turnEnded(on connection: Connection) {
        // The running work may have been waiting for the session to be put in order when it was interrupted.
        if let slot = self.slot(of: connection) {
            self.cancelIfInterrupted(slot)
            if let lease = self.leases[slot] { lease.handler.turnEnded(lease) }
        }
        self.sendWhatCanBeSent()
    }

    func resetEnded(on connection: Connection) {
        guard connection.isRetiring, let slot = self.slot(of: connection) else { return }
        self.machine.retire(slot: slot)
    }

    func notSent(_ work: Work) {
        switch work.attempts.didNotRun(isInterrupted: work.isInterrupted) {
        case .end(let outcome): self.end(work, outcome)
        case .runAgain: self.sendAgain(work)
        }
    }

    func notified(channel: String, payload: UnsafeRawBufferPointer, on connection: Connection) {}

    // MARK: - Canceling

    /// Has the server cancel the running work of a connection, if it is unwanted.
    private func cancelIfInterrupted(_ slot: Int) {
        guard let head = self.keepers[slot].connection?.head, head.isInterrupted else { return }
        self.run(self.cancels.interrupted(slot: slot), on: slot)
    }

    private func run(_ action: CancelStateMachine.Action, on slot: Int) {
        switch action {
        case .none:
            break
        case .cancel(let number):
            guard let connection = self.keepers[slot].connection else { return }
            self.machine.block(slot: slot)
            self.control.cancel(backend: connection.backend) {
                self.run(self.cancels.signaled(slot: slot, number: number, at: self.now), on: slot)
                self.sendWhatCanBeSent()
            }
            connection.drain()
        case .reopen:
            self.machine.unblock(slot: slot)
            self.cancelIfInterrupted(slot)
        }
    }

    // MARK: - Time

    /// Returns whether something still waits or runs.
    private func ticked() -> Bool {
        let now = self.now
        for case .work(let work) in self.machine.expire(at: now) {
            self.end(work, .refused(.waitedTooLong(isDatabaseAvailable: self.isAvailable)))
        }
        for slot in self.keepers.indices { self.run(self.cancels.ticked(slot: slot, at: now), on: slot) }
        for keeper in self.keepers {
            guard let connection = keeper.connection, !connection.isHeld, let head = connection.first,
                now - connection.headSince > head.timeout + Self.grace
            else { continue }
            connection.abandon("the server did not end a call within its timeout", isHung: true)
        }
        return self.machine.waitingCount > 0 || self.machine.underWayCount > 0
    }
}

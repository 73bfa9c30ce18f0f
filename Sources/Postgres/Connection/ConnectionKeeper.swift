internal import NIOCore

/// Keeps one connection open: connects, hands it to its owner, and connects again when it is lost. On the event loop.
final class ConnectionKeeper {
    /// The shortest time between an attempt and the next one if other connections have been made.
    private static let shortestInterval = TimeAmount.seconds(1)
    /// The longest time that a new connection is put off until a backend that did not answer has been ended.
    private static let endingPatience = TimeAmount.seconds(2)

    private let part: ConnectionSettings.Part
    private let environment: DatabaseEnvironment
    private let preparation: Connector.Preparation?
    private weak var owner: (any ConnectionKeeperOwner)?
    private var machine = KeeperStateMachine()
    private var retryTimer: Scheduled<Void>?
    private var overdueTimer: Scheduled<Void>?
    private var lastAttempt: NIODeadline = .distantPast
    private var isEndingBackend = false

    /// The number of this connection among its owner's.
    let slot: Int
    /// The connection while there is one.
    private(set) var connection: Connection?

    init(
        part: ConnectionSettings.Part, slot: Int = 0, environment: DatabaseEnvironment,
        owner: any ConnectionKeeperOwner, preparation: Connector.Preparation? = nil
    ) {
        self.slot = slot
        self.preparation = preparation
        self.part = part
        self.environment = environment
        self.owner = owner
        environment.group.add(self)
    }

    func start() {
        self.run(self.machine.start())
    }

    /// Another connection was just made: if this one waits for its next attempt, it tries as soon as its last attempt
    /// is a second ago.
    func retrySoon() {
        guard let retryTimer = self.retryTimer else { return }
        retryTimer.cancel()
        self.retry(at: self.lastAttempt + Self.shortestInterval)
    }

    /// The connection was lost, or its owner closed it. `reason` is nil if that was on purpose.
    ///
    /// A backend that did not answer continues to run without its connection, for example while a commit waits for a
    /// standby that is unreachable. It is ended before another is requested: otherwise each attempt would leave one
    /// behind.
    func connectionEnded(reason: String?) {
        guard let connection = self.connection else { return }
        let now = self.environment.eventLoop.now
        self.connection = nil
        self.environment.group.lost(at: now)
        guard let backend = connection.hungBackend, let end = self.environment.ender.end else {
            return self.run(reason == nil ? self.machine.replaced() : self.machine.lost(at: now))
        }
        self.isEndingBackend = true
        let goOn = {
            guard self.isEndingBackend else { return }
            self.isEndingBackend = false
            self.run(self.machine.lost(at: now))
        }
        // The connection that is to end it may itself be to a server that does not answer.
        self.environment.eventLoop.assumeIsolated().scheduleTask(in: Self.endingPatience, goOn)
        end(backend, goOn)
    }

    /// All connections must now be to another server.
    func leave(for known: KnownServer) {
        guard let connection, let fault = connection.server.flatMap({ known.fault(of: $0) }) else { return }
        connection.abandon(fault)
    }

    /// Closes the connection and makes no other until ``start()``.
    func park() {
        self.machine.park()
        self.retryTimer?.cancel()
        self.retryTimer = nil
        self.connection?.close()
        self.connectionEnded(reason: nil)
        // A backend that did not answer is ended, but nothing waits for that.
        self.isEndingBackend = false
    }

    /// Closes the connection and makes no other.
    func stop() {
        self.machine.stop()
        self.retryTimer?.cancel()
        self.retryTimer = nil
        self.overdueTimer?.cancel()
        self.connection?.close()
        self.connection = nil
    }

    private func run(_ action: KeeperStateMachine.Action) {
        switch action {
        case .none, .use, .discard:
            break
        case .connect:
            self.connect()
        case .waitBeforeAttempt(let attempt):
            self.retryTimer?.cancel()
            self.retry(at: self.environment.eventLoop.now + self.environment.backoff(attempt))
        }
    }

    private func retry(at moment: NIODeadline) {
        self.retryTimer = self.environment.eventLoop.assumeIsolated().scheduleTask(deadline: moment) {
            self.retryTimer = nil
            self.run(self.machine.retry())
        }
    }

    private func connect() {
        let eventLoop = self.environment.eventLoop
        let now = eventLoop.now
        self.lastAttempt = now
        let patience = TimeAmount.seconds(Int64(self.environment.settings.patienceInSeconds))
        self.overdueTimer = eventLoop.assumeIsolated().scheduleTask(in: patience) {
            guard self.machine.attemptIsOverdue() else { return }
            self.owner?.failed(
                ConnectFailure(
                    "no answer for \(patience.nanoseconds / 1_000_000_000) s; "
                        + "check that the host's name resolves and that the server is up"),
                keeper: self)
        }
        self.environment.connector.connect(
            self.environment.effectiveSettings, part: self.part, statementTimeout: self.environment.statementTimeout,
            after: self.environment.group.server(at: now), preparation: self.preparation, eventLoop: eventLoop
        ).assumeIsolated().whenComplete { result in
            self.overdueTimer?.cancel()
            self.overdueTimer = nil
            switch result {
            case .success(let handle): self.connected(handle)
            case .failure(let error): self.failed(error)
            }
        }
    }

    private func connected(_ handle: ConnectionHandle) {
        let group = self.environment.group
        let now = self.environment.eventLoop.now
        if let known = group.server(at: now), let fault = handle.server.flatMap({ known.fault(of: $0) }) {
            self.environment.connector.finish(handle)
            return self.failed(ConnectFailure(fault))
        }
        guard self.machine.attemptSucceeded(at: now) == .use else {
            self.environment.connector.finish(handle)
            return
        }
        guard let owner = self.owner else { return self.environment.connector.finish(handle) }
        do {
            let connection = try Connection(
                handle, part: self.part, slot: self.slot, watcher: self.environment.watcher,
                eventLoop: self.environment.eventLoop, owner: owner)
            self.connection = connection
            group.connected(self, to: handle.server, at: now)
            owner.connected(connection, keeper: self)
            group.retryOthers(than: self)
        } catch {
            self.environment.connector.finish(handle)
            owner.failed(ConnectFailure(error.description), keeper: self)
            self.run(self.machine.lost(at: now))
        }
    }

    private func failed(_ error: any Error) {
        let action = self.machine.attemptFailed()
        // After a stop the result of the last attempt is of no interest.
        guard action != .none else { return }
        self.owner?.failed(error as? ConnectFailure ?? ConnectFailure("\(error)"), keeper: self)
        self.run(action)
    }
}

/// The owner of a keeper's connection. On the event loop.
protocol ConnectionKeeperOwner: ConnectionOwner {
    func connected(_ connection: Connection, keeper: ConnectionKeeper)
    /// An attempt failed; the keeper makes further ones.
    func failed(_ failure: ConnectFailure, keeper: ConnectionKeeper)
}

package import NIOCore

/// Keeps one connection open: connects, hands it to its owner, and connects again when it is lost. On the event loop.
final class ConnectionKeeper {
    private let part: ConnectionSettings.Part
    private let environment: DatabaseEnvironment
    private weak var owner: (any ConnectionKeeperOwner)?
    private var machine = KeeperStateMachine()
    private var retryTimer: Scheduled<Void>?
    private var overdueTimer: Scheduled<Void>?
    /// Since the last connection was made one was lost, or could not be made: that the next one can is news.
    private var hasFailed = false

    /// The connection while there is one.
    private(set) var connection: Connection?

    init(part: ConnectionSettings.Part, environment: DatabaseEnvironment, owner: any ConnectionKeeperOwner) {
        self.part = part
        self.environment = environment
        self.owner = owner
        environment.group.add(self)
    }

    func start() {
        self.run(self.machine.start())
    }

    /// Tries at once if it is waiting to try again: another connection was just made.
    func retryNow() {
        self.run(self.machine.retry())
    }

    /// The owner saw that the connection was lost, or closed it. `reason` is nil if that was on purpose.
    ///
    /// A backend that did not answer goes on running whatever happens to its connection, for example while a commit waits for a standby that
    /// is gone. It is ended before another is asked for: else each attempt would leave one behind.
    func connectionEnded(reason: String?) {
        guard let connection = self.connection else { return }
        self.connection = nil
        if reason != nil { self.hasFailed = true }
        let action = reason == nil ? self.machine.replaced() : self.machine.lost(at: .now())
        guard connection.isHung, let endBackend = self.environment.group.endBackend else { return self.run(action) }
        endBackend(connection.backend) { self.run(action) }
    }

    /// The server that all connections have to be to is another by now.
    func leave(for server: ServerIdentity?) {
        guard let connection, let fault = connection.server?.fault(after: server) else { return }
        connection.abandon(fault)
    }

    /// Closes what there is and connects no more.
    func stop() {
        self.machine.stop()
        self.retryTimer?.cancel()
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
            let delay = self.environment.backoff(attempt)
            self.retryTimer?.cancel()
            self.retryTimer = self.environment.eventLoop.assumeIsolated().scheduleTask(in: delay) {
                self.run(self.machine.retry())
            }
        }
    }

    private func connect() {
        self.retryTimer?.cancel()
        self.retryTimer = nil
        let eventLoop = self.environment.eventLoop
        let patience = TimeAmount.seconds(Int64(self.environment.settings.patienceInSeconds))
        self.overdueTimer = eventLoop.assumeIsolated().scheduleTask(in: patience) {
            guard self.machine.attemptIsOverdue() else { return }
            self.owner?.failed(
                ConnectFailure(
                    "no answer for \(patience.nanoseconds / 1_000_000_000) s; does the host's name resolve, is the server there?"
                ),
                keeper: self)
        }
        self.environment.connector.connect(
            self.environment.settings, part: self.part, statementTimeout: self.environment.statementTimeout,
            after: self.environment.group.server, eventLoop: eventLoop
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
        if let fault = handle.server?.fault(after: self.environment.group.server) {
            self.environment.connector.finish(handle)
            return self.failed(ConnectFailure(fault))
        }
        guard self.machine.attemptSucceeded(at: .now()) == .use else {
            self.environment.connector.finish(handle)
            return
        }
        guard let owner = self.owner else { return self.environment.connector.finish(handle) }
        do {
            let connection = try Connection(handle, part: self.part, watcher: self.environment.watcher, owner: owner)
            self.connection = connection
            owner.connected(connection, keeper: self)
            self.environment.group.connected(self, to: handle.server, isNews: self.hasFailed)
            self.hasFailed = false
        } catch {
            self.environment.connector.finish(handle)
            owner.failed(ConnectFailure(error.description), keeper: self)
            self.run(self.machine.lost(at: .now()))
        }
    }

    private func failed(_ error: any Error) {
        let action = self.machine.attemptFailed()
        // Once stopped, what comes of the last attempt is of no interest.
        guard action != .none else { return }
        self.hasFailed = true
        self.owner?.failed(error as? ConnectFailure ?? ConnectFailure("\(error)"), keeper: self)
        self.run(action)
    }
}

/// Who a keeper works for. On the event loop.
protocol ConnectionKeeperOwner: ConnectionOwner {
    func connected(_ connection: Connection, keeper: ConnectionKeeper)
    /// An attempt failed; the keeper goes on trying.
    func failed(_ failure: ConnectFailure, keeper: ConnectionKeeper)
}

/// What everything that connects to one database shares.
package struct DatabaseEnvironment {
    package let settings: ConnectionSettings
    package let eventLoop: any EventLoop
    package let watcher: Watcher
    package let connector: Connector
    /// The deadline that the server is given for calls that have none of their own.
    package let statementTimeout: TimeAmount
    /// How long to wait before the attempt of this number, counted from 0.
    package let backoff: (_ attempt: Int) -> TimeAmount
    /// All connections that are kept open.
    let group = ConnectionGroup()

    package init(
        settings: ConnectionSettings, eventLoop: any EventLoop, watcher: Watcher, connector: Connector,
        statementTimeout: TimeAmount, backoff: @escaping (_ attempt: Int) -> TimeAmount
    ) {
        self.settings = settings
        self.eventLoop = eventLoop
        self.watcher = watcher
        self.connector = connector
        self.statementTimeout = statementTimeout
        self.backoff = backoff
    }
}

internal import DequeModule
package import NIOCore

/// The control connection: cancels calls, and asks the catalog.
///
/// It has its own connection, so that a cancel never waits behind the call that it is to end. On the event loop.
package final class Control {
    private static let timeout = TimeAmount.seconds(10)
    private static let setRole = Statement("select pg_catalog.set_config('role', $1, true)")
    /// How long after its timeout the server is considered stuck.
    private static let grace = TimeAmount.seconds(5)
    private static let tick = TimeAmount.milliseconds(100)
    /// The most questions that may wait for the connection; beyond it the oldest are refused.
    static let mostWaiting = 10_000

    private let environment: DatabaseEnvironment
    private let observer: (DatabaseEvent) -> Void
    private lazy var session = DatabaseSession(
        part: .control, environment: self.environment, delegate: self,
        watch: DatabaseSession.Watch(
            interval: Self.tick, patience: Self.timeout + Self.grace,
            reason: "the server did not answer within its timeout", isHung: false),
        observer: self.observer)
    /// The questions that wait for the connection.
    private var waiting = Deque<Work>()
    private lazy var ticker = Ticker(every: Self.tick, on: self.environment.eventLoop) { [unowned self] in self.ticked()
    }

    /// - Parameter observer: called for each change of the connection's state.
    package init(environment: DatabaseEnvironment, observer: @escaping (DatabaseEvent) -> Void) {
        self.environment = environment
        self.observer = observer
    }

    /// Whether there is a connection.
    package var isConnected: Bool { self.session.isConnected }

    package func start() {
        self.environment.ender.end = { [weak self] backend, completion in
            guard let self else { return completion() }
            self.end(backend, completion: completion)
        }
        self.session.start()
    }

    /// There is reason to believe that the server can be reached now.
    func retrySoon() {
        self.session.retrySoon()
    }

    package func stop() {
        self.ticker.cancel()
        self.session.stop()
        self.refuseAll()
    }

    /// Runs a rare query, in its own transaction.
    ///
    /// - Parameters:
    ///   - role: the role that runs it; nil: the session's own.
    ///   - patience: the longest wait for a connection. Without one the query is refused after that.
    ///   - completion: called exactly once, on the event loop.
    package func query(
        _ text: String, _ parameters: Parameters = Parameters(), role: String? = nil,
        patience: TimeAmount = .seconds(5), completion: @escaping (Result<Rows, QueryFailure>) -> Void
    ) {
        self.submit(
            .text(text, parameters), prelude: role.map(Self.becoming), patience: patience,
            handler: RowCollector(completion: completion))
    }

    /// The same with a statement that runs often: the server plans it once.
    package func query(
        _ statement: Statement, _ parameters: Parameters, patience: TimeAmount = .seconds(5),
        completion: @escaping (Result<Rows, QueryFailure>) -> Void
    ) {
        self.submit(
            .prepared(statement, parameters), patience: patience, handler: RowCollector(completion: completion))
    }

    /// Tries whether this session may become a role, for one transaction.
    package func assume(role: String, completion: @escaping (Result<Rows, QueryFailure>) -> Void) {
        self.query("select", role: role, completion: completion)
    }

    /// Asks for a statement's parameters and columns, as a role sees them.
    ///
    /// - Parameters:
    ///   - role: nil for the session's own.
    ///   - completion: called exactly once, on the event loop.
    package func describe(
        _ text: String, role: String?, completion: @escaping (Result<StatementShape, QueryFailure>) -> Void
    ) {
        self.submit(
            .describe(text), prelude: role.map(Self.becoming), patience: .seconds(5),
            handler: ShapeCollector(completion: completion))
    }

    private static func becoming(_ role: String) -> (Statement, Parameters) {
        var values = Parameters()
        values.append(role)
        return (self.setRole, values)
    }

    private func submit(
        _ command: Work.Command, prelude: (Statement, Parameters)? = nil, patience: TimeAmount, handler: any WorkHandler
    ) {
        let work = Work(
            lane: LaneID(index: 0), command: command, prelude: prelude, timeout: Self.timeout,
            expires: self.environment.eventLoop.now + patience,
            handler: handler)
        guard !self.session.send(work) else { return self.session.flush() }
        self.waiting.append(work)
        if self.waiting.count > Self.mostWaiting, let oldest = self.waiting.popFirst() { self.refuse(oldest) }
        self.ticker.start()
    }

    /// Cancels what a backend runs. `completion` is called when the server has sent the signal, or can't.
    func cancel(backend: Int32, completion: @escaping () -> Void) {
        var parameters = Parameters()
        parameters.append("\(backend)")
        self.query("select pg_catalog.pg_cancel_backend($1::pg_catalog.int4)", parameters, patience: .seconds(2)) { _ in
            completion()
        }
    }

    /// Ends a backend of the sidecar that did not answer. `completion` is called when the server has sent the signal,
    /// or can't.
    private func end(_ backend: BackendIdentity, completion: @escaping () -> Void) {
        var parameters = Parameters()
        parameters.append("\(backend.pid)")
        parameters.append(backend.start)
        let text = """
            select pg_catalog.pg_terminate_backend(a.pid) \
            from pg_catalog.pg_stat_get_activity($1::pg_catalog.int4) a where a.backend_start = \
            $2::pg_catalog.timestamptz
            """
        self.query(text, parameters, patience: .seconds(2)) { _ in completion() }
    }

    // MARK: - Waiting

    private func sendWhatWaits() {
        let waiting = self.waiting
        self.waiting.removeAll()
        for work in waiting where !self.session.send(work) { self.waiting.append(work) }
        self.session.flush()
    }

    /// Returns whether a question still waits.
    private func ticked() -> Bool {
        let now = self.environment.eventLoop.now
        let expired = self.waiting.filter { $0.expires <= now }
        self.waiting.removeAll { $0.expires <= now }
        expired.forEach(self.refuse)
        return !self.waiting.isEmpty
    }

    private func refuseAll() {
        let waiting = self.waiting
        self.waiting.removeAll()
        waiting.forEach(self.refuse)
    }

    private func refuse(_ work: Work) {
        work.handler.ended(work, outcome: .refused(.waitedTooLong(isDatabaseAvailable: false)))
    }
}

extension Control: DatabaseSessionDelegate {
    package func connected(_ session: DatabaseSession, backend: Int32, serverVersion: Int32) {
        self.observer(.connected(.control, backend: backend, serverVersion: serverVersion))
        self.sendWhatWaits()
    }

    package func lost(_ session: DatabaseSession, reason: String?) {}
}

internal import NIOCore

/// A session of the sidecar itself, kept open for as long as it runs: statements one after the other, and the
/// notifications that it listens to.
///
/// For work that must stay in one session (advisory locks, LISTEN, the outbox), and the base of ``Control`` and
/// ``Listener``. No user's code runs in it. On the event loop.
@safe package final class DatabaseSession: ConnectionKeeperOwner {
    /// When the server is considered stuck.
    struct Watch {
        /// The interval of the checks while an answer is awaited.
        let interval: TimeAmount
        /// How long the server may take for a statement.
        let patience: TimeAmount
        /// The reason for giving the session up then.
        let reason: String
        /// Whether its backend is ended then.
        let isHung: Bool

        static let usual = Watch(
            interval: .seconds(1), patience: .seconds(30), reason: "the server did not answer in time", isHung: true)
    }

    /// Preparation of a new session before it is used, on a thread where it may block. An error that it throws is the
    /// reason why there is no session; the settings that it leaves behind are put in order.
    package typealias Preparation = @Sendable (borrowing ScriptConnection) throws -> Void

    private static let lane = LaneID(index: 0)

    private let part: ConnectionSettings.Part
    private let environment: DatabaseEnvironment
    private let preparation: Preparation?
    /// Nil if the owner watches by itself.
    private let watch: Watch?
    private let observer: (DatabaseEvent) -> Void
    private weak var delegate: (any DatabaseSessionDelegate)?
    private lazy var keeper = ConnectionKeeper(
        part: self.part, environment: self.environment, owner: self, preparation: self.preparation.map(Self.onHandle))
    private lazy var ticker = self.watch.map { watch in
        Ticker(every: watch.interval, on: self.environment.eventLoop) { [unowned self] in self.ticked(watch) }
    }

    /// - Parameters:
    ///   - part: what the session is for; decides its settings and its `application_name`.
    ///   - delegate: held weakly.
    package convenience init(
        part: ConnectionSettings.Part, environment: DatabaseEnvironment, delegate: any DatabaseSessionDelegate,
        preparation: Preparation? = nil
    ) {
        self.init(
            part: part, environment: environment, delegate: delegate, preparation: preparation, watch: .usual,
            observer: { _ in })
    }

    /// - Parameter observer: called for each attempt that failed, and for each session that was lost.
    init(
        part: ConnectionSettings.Part, environment: DatabaseEnvironment, delegate: (any DatabaseSessionDelegate)?,
        preparation: Preparation? = nil, watch: Watch?, observer: @escaping (DatabaseEvent) -> Void
    ) {
        self.part = part
        self.environment = environment
        self.delegate = delegate
        self.preparation = preparation
        self.watch = watch
        self.observer = observer
    }

    /// Neither sees the other's settings.
    private static func onHandle(_ preparation: @escaping Preparation) -> Connector.Preparation {
        { handle in
            let connection = ScriptConnection(borrowing: handle)
            try connection.run("discard all")
            try preparation(connection)
            try connection.run("discard all")
        }
    }

    /// Whether statements can be sent.
    package var isConnected: Bool { self.keeper.connection != nil }
    /// Whether there is a connection, and no answer is awaited.
    package var isIdle: Bool { self.keeper.connection.map { $0.depth == 0 } ?? false }
    /// Whether nothing is read until ``resume()``.
    package var isHeld: Bool { self.keeper.connection?.isHeld ?? false }
    /// The process id of the session's backend, while there is one.
    package var backend: Int32? { self.keeper.connection?.backend }

    package func start() {
        self.keeper.start()
    }

    /// Closes the session, which releases its locks. Nothing is reported any more.
    package func stop() {
        self.ticker?.cancel()
        self.keeper.stop()
    }

    /// There is reason to believe that the server can be reached now.
    func retrySoon() {
        self.keeper.retrySoon()
    }

    /// Ends this session, and begins a new one: something in it is wrong.
    ///
    /// - Parameter isHung: the server does not answer.
    package func abandon(_ reason: String, isHung: Bool = false) {
        self.keeper.connection?.abandon(reason, isHung: isHung)
    }

    /// Begins a new session if a large message has made this one grow, and no work is under way: libpq never frees the
    /// memory.
    package func renewIfGrown() {
        guard let connection = self.keeper.connection, connection.hasGrown else { return }
        connection.replace()
    }

    // MARK: - Statements

    /// Sends a statement, behind the earlier ones, in its own transaction. It leaves with ``flush()``.
    ///
    /// - Parameters:
    ///   - isSet: rows are handed over one by one as they come.
    ///   - handler: gets each row, and the end, on the event loop; at once if there is no connection.
    package func send(_ statement: Statement, _ parameters: Parameters, isSet: Bool = false, handler: any WorkHandler) {
        self.send(.prepared(statement, parameters), isSet: isSet, handler: handler)
    }

    /// Runs a statement and collects its rows.
    package func query(
        _ statement: Statement, _ parameters: Parameters = Parameters(),
        completion: @escaping (Result<Rows, QueryFailure>) -> Void
    ) {
        self.query(.prepared(statement, parameters), completion: completion)
    }

    /// Runs LISTEN for a channel; the name is not quoted yet.
    package func listen(to channel: String, completion: @escaping (Result<Rows, QueryFailure>) -> Void) {
        self.query("listen \(SQLText.identifier(channel))", completion: completion)
    }

    /// Runs a statement without parameters that is not worth planning ahead.
    func query(_ text: String, completion: @escaping (Result<Rows, QueryFailure>) -> Void) {
        self.query(.text(text, Parameters()), completion: completion)
    }

    private func query(_ command: Work.Command, completion: @escaping (Result<Rows, QueryFailure>) -> Void) {
        self.send(command, isSet: false, handler: RowCollector(completion: completion))
        self.flush()
    }

    private func send(_ command: Work.Command, isSet: Bool, handler: any WorkHandler) {
        let work = Work(
            lane: Self.lane, command: command, isSet: isSet, timeout: Watch.usual.patience, expires: .distantFuture,
            handler: handler)
        guard self.send(work) else {
            return handler.ended(work, outcome: .unknown(reason: "there is no connection to the database"))
        }
    }

    /// As the other ``send(_:_:isSet:handler:)``, of any work.
    ///
    /// - Returns: false if none of it was sent; its handler is not called then.
    func send(_ work: Work) -> Bool {
        guard let connection = self.keeper.connection, connection.send(work, now: self.environment.eventLoop.now)
        else { return false }
        self.ticker?.start()
        return true
    }

    /// Sends the work given to ``send(_:_:isSet:handler:)``.
    package func flush() {
        self.keeper.connection?.flush()
    }

    /// Reads no more until ``resume()``: there is no room for the results.
    package func pause() {
        self.keeper.connection?.pause()
    }

    package func resume() {
        self.keeper.connection?.resume()
    }

    /// Returns whether an answer is still awaited.
    private func ticked(_ watch: Watch) -> Bool {
        guard let connection = self.keeper.connection, connection.depth > 0 else { return false }
        guard !connection.isHeld else { return true }
        guard self.environment.eventLoop.now - connection.headSince > watch.patience else { return true }
        connection.abandon(watch.reason, isHung: watch.isHung)
        return false
    }

    // MARK: - The connection

    func connected(_ connection: Connection, keeper: ConnectionKeeper) {
        self.delegate?.connected(self, backend: connection.backend, serverVersion: connection.serverVersion)
    }

    func failed(_ failure: ConnectFailure, keeper: ConnectionKeeper) {
        self.observer(.connectFailed(self.part, failure))
        self.delegate?.connectFailed(self, failure)
    }

    func lost(_ connection: Connection, reason: String?, unanswered: [(work: Work, error: DatabaseError?)]) {
        if let reason { self.observer(.lost(self.part, reason: reason)) }
        self.keeper.connectionEnded(reason: reason)
        for (work, error) in unanswered {
            work.handler.ended(
                work, outcome: error.map { .failed($0) } ?? .unknown(reason: reason ?? "the connection was closed"))
        }
        self.delegate?.lost(self, reason: reason)
    }

    func ended(_ work: Work, error: DatabaseError?, affectedRows: Int?, ran: TimeAmount, on connection: Connection) {
        work.handler.ended(work, outcome: error.map { .failed($0) } ?? .committed(affectedRows: affectedRows))
    }

    func turnEnded(on connection: Connection) {
        connection.flush()
    }

    func notified(channel: String, payload: UnsafeRawBufferPointer, on connection: Connection) {
        unsafe self.delegate?.notified(self, channel: channel, payload: payload)
    }

    func finish(_ handle: ConnectionHandle) {
        self.environment.connector.finish(handle)
    }
}

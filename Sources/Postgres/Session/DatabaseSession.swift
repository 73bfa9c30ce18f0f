internal import NIOCore

/// A session of the sidecar's own, kept open for as long as it runs: statements one after the other, and the notifications that it listens to.
///
/// For what must stay in one session: advisory locks, LISTEN, the outbox. No user's code runs in it. On the event loop.
@safe package final class DatabaseSession: ConnectionKeeperOwner {
    /// How long the server may take for a statement before it is believed to be stuck.
    private static let patience = TimeAmount.seconds(30)
    private static let lane = LaneID(index: 0)

    /// What is done in a new session before it is used, on a thread where it may block. What it throws is why there is no session; the settings
    /// that it leaves behind are put in order.
    package typealias Preparation = @Sendable (borrowing ScriptConnection) throws -> Void

    private let part: ConnectionSettings.Part
    private let environment: DatabaseEnvironment
    private let preparation: Preparation?
    private weak var delegate: (any DatabaseSessionDelegate)?
    private lazy var keeper = ConnectionKeeper(
        part: self.part, environment: self.environment, owner: self, preparation: self.preparation.map(Self.onHandle))
    private lazy var ticker = Ticker(every: .seconds(1), on: self.environment.eventLoop) { [unowned self] in
        self.ticked()
    }

    /// - Parameters:
    ///   - part: what the session is for; decides its settings and its `application_name`.
    ///   - delegate: held weakly.
    package init(
        part: ConnectionSettings.Part, environment: DatabaseEnvironment, delegate: any DatabaseSessionDelegate,
        preparation: Preparation? = nil
    ) {
        self.part = part
        self.environment = environment
        self.delegate = delegate
        self.preparation = preparation
    }

    /// Neither sees the settings of the other.
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
    /// Whether nothing is read until ``resume()``.
    package var isHeld: Bool { self.keeper.connection?.isHeld ?? false }
    /// The process id of the session's backend, while there is one.
    package var backend: Int32? { self.keeper.connection?.backend }

    package func start() {
        self.keeper.start()
    }

    /// Closes the session; with it go its locks. Nothing is reported any more.
    package func stop() {
        self.ticker.cancel()
        self.keeper.stop()
    }

    /// Ends this session, and begins a new one: something in it is not as it should be.
    ///
    /// - Parameter isHung: the server does not answer.
    package func abandon(_ reason: String, isHung: Bool = false) {
        self.keeper.connection?.abandon(reason, isHung: isHung)
    }

    /// Begins a new session if this one has grown by a large message, and nothing is under way: libpq never gives the memory back.
    package func renewIfGrown() {
        guard let connection = self.keeper.connection, connection.hasGrown else { return }
        connection.replace()
    }

    /// Sends a statement, behind those that were sent before, in a transaction of its own. It is on its way when ``flush()`` was called.
    ///
    /// - Parameters:
    ///   - isSet: rows are handed over one by one as they come.
    ///   - handler: told of each row, and of the end, on the event loop; at once if there is no connection.
    package func send(_ statement: Statement, _ parameters: Parameters, isSet: Bool = false, handler: any WorkHandler) {
        self.send(.prepared(statement, parameters), isSet: isSet, handler: handler)
    }

    /// Runs a statement and collects its rows.
    package func query(
        _ statement: Statement, _ parameters: Parameters = Parameters(),
        completion: @escaping (Result<Rows, QueryFailure>) -> Void
    ) {
        self.send(.prepared(statement, parameters), isSet: false, handler: RowCollector(completion: completion))
        self.flush()
    }

    /// Runs LISTEN for a channel, named as it is.
    package func listen(to channel: String, completion: @escaping (Result<Rows, QueryFailure>) -> Void) {
        self.send(
            .text("listen \(SQLText.identifier(channel))", Parameters()), isSet: false,
            handler: RowCollector(completion: completion))
        self.flush()
    }

    /// Sends what has been given to ``send(_:_:isSet:handler:)``.
    package func flush() {
        self.keeper.connection?.flush()
    }

    /// Reads no more until ``resume()``: what comes has nowhere to go.
    package func pause() {
        self.keeper.connection?.pause()
    }

    package func resume() {
        self.keeper.connection?.resume()
    }

    private func send(_ command: Work.Command, isSet: Bool, handler: any WorkHandler) {
        let work = Work(
            lane: Self.lane, command: command, isSet: isSet, timeout: Self.patience, expires: .distantFuture,
            handler: handler)
        guard let connection = self.keeper.connection, connection.send(work, now: .now()) else {
            return handler.ended(work, outcome: .unknown(reason: "there is no connection to the database"))
        }
        self.ticker.start()
    }

    /// Returns whether an answer is still waited for.
    private func ticked() -> Bool {
        guard let connection = self.keeper.connection, connection.depth > 0 else { return false }
        guard !connection.isHeld else { return true }
        if .now() - connection.headSince > Self.patience {
            connection.abandon("the server did not answer in time", isHung: true)
            return false
        }
        return true
    }

    // MARK: - The connection

    func connected(_ connection: Connection, keeper: ConnectionKeeper) {
        self.delegate?.connected(self, backend: connection.backend, serverVersion: connection.serverVersion)
    }

    func failed(_ failure: ConnectFailure, keeper: ConnectionKeeper) {
        self.delegate?.connectFailed(self, failure)
    }

    func lost(_ connection: Connection, reason: String?, unanswered: [(work: Work, error: DatabaseError?)]) {
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
        self.delegate?.notified(self, channel: channel)
    }

    func finish(_ handle: ConnectionHandle) {
        self.environment.connector.finish(handle)
    }
}

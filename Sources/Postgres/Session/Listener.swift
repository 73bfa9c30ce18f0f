internal import NIOCore

/// Hears NOTIFY, on a connection of its own that is never used for anything else and whose socket is always read. On the event loop.
@safe package final class Listener: ConnectionKeeperOwner {
    private static let interval = TimeAmount.seconds(10)
    private static let patience = TimeAmount.seconds(5)
    private static let lane = LaneID(index: 0)

    private let environment: DatabaseEnvironment
    private var channels: [String]
    private let observer: (DatabaseEvent) -> Void
    private let receiver: (_ channel: String, _ payload: UnsafeRawBufferPointer) -> Void
    private lazy var keeper = ConnectionKeeper(part: .listener, environment: self.environment, owner: self)
    private var machine: ListenerStateMachine
    private lazy var ticker = Ticker(every: Self.interval, on: self.environment.eventLoop) { [unowned self] in
        self.run(self.machine.timeToAsk())
        return true
    }

    /// - Parameters:
    ///   - channels: each once, as they are: quoting is the listener's. At most 63 octets each.
    ///   - observer: told of each change of the connection's state.
    ///   - receiver: called for each notification, in order. The payload's bytes are valid only during the call.
    package init(
        environment: DatabaseEnvironment, channels: [String], observer: @escaping (DatabaseEvent) -> Void,
        receiver: @escaping (_ channel: String, _ payload: UnsafeRawBufferPointer) -> Void
    ) {
        self.environment = environment
        self.channels = channels
        self.observer = observer
        unsafe self.receiver = unsafe receiver
        self.machine = ListenerStateMachine(channels: Set(channels))
    }

    /// Connects and listens, for ever. Does nothing if there are no channels.
    package func start() {
        guard !self.channels.isEmpty else { return }
        self.keeper.start()
        self.ticker.start()
    }

    package func stop() {
        self.ticker.cancel()
        self.keeper.stop()
    }

    /// Hears another channel too, from the next moment on; ``DatabaseEvent/listening(channels:)`` tells when.
    package func listen(to channel: String) {
        guard !self.channels.contains(channel) else { return }
        self.channels.append(channel)
        if self.machine.add(channel) { self.subscribe(to: channel) }
        self.start()
    }

    private func run(_ action: ListenerStateMachine.Action) {
        switch action {
        case .none:
            break
        case .isListening:
            self.observer(.listening(channels: self.channels.count))
        case .ask(let number):
            self.ask(number)
        case .reconnect(let reason):
            self.keeper.connection?.abandon(reason)
        case .healQueue:
            self.query("select pg_catalog.pg_notification_queue_usage()") { _ in
                self.keeper.connection?.abandon(
                    "the notification queue held an entry that could not be read; it was skipped")
            }
        }
    }

    private func ask(_ number: Int) {
        // The word LISTEN makes the connection easy to find in pg_stat_activity.
        self.query("select pg_catalog.pg_listening_channels() /* wamp-sidecar: LISTEN */") { result in
            switch result {
            case .success(let rows):
                self.run(self.machine.answered(Set(rows.values.compactMap { $0.first ?? nil }), number: number))
            case .failure(let failure):
                self.run(self.machine.failed(sqlstate: nil, reason: failure.description))
            }
        }
        self.environment.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) {
            self.run(self.machine.answerIsOverdue(number: number))
        }
    }

    private func query(_ text: String, completion: @escaping (Result<Rows, QueryFailure>) -> Void) {
        let work = Work(
            lane: Self.lane, command: .text(text, Parameters()), timeout: Self.patience, expires: .distantFuture,
            handler: RowCollector(completion: completion))
        guard let connection = self.keeper.connection, connection.send(work, now: .now()) else {
            return completion(.failure(.unavailable("the connection was lost")))
        }
        connection.flush()
    }

    // MARK: - The connection

    func connected(_ connection: Connection, keeper: ConnectionKeeper) {
        self.machine.connected()
        self.environment.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) {
            guard self.keeper.connection === connection, !self.machine.isHearing else { return }
            connection.abandon("LISTEN was not answered in time")
        }
        self.channels.forEach(self.subscribe(to:))
    }

    private func subscribe(to channel: String) {
        self.query("listen \(SQLText.identifier(channel))") { result in
            switch result {
            case .success: self.run(self.machine.subscribed())
            case .failure(.server(let error)):
                self.run(self.machine.failed(sqlstate: error.sqlstate, reason: error.description))
            case .failure(.unavailable(let reason)):
                self.run(self.machine.failed(sqlstate: nil, reason: reason))
            }
        }
    }

    func failed(_ failure: ConnectFailure, keeper: ConnectionKeeper) {
        self.observer(.connectFailed(.listener, failure))
    }

    func lost(_ connection: Connection, reason: String?, unanswered: [(work: Work, error: DatabaseError?)]) {
        self.machine.disconnected()
        if let reason { self.observer(.lost(.listener, reason: reason)) }
        self.keeper.connectionEnded(reason: reason)
        for (work, error) in unanswered {
            work.handler.ended(
                work, outcome: error.map { .failed($0) } ?? .unknown(reason: reason ?? "the connection was closed"))
        }
    }

    func ended(_ work: Work, error: DatabaseError?, affectedRows: Int?, ran: TimeAmount, on connection: Connection) {
        work.handler.ended(work, outcome: error.map { .failed($0) } ?? .committed(affectedRows: affectedRows))
    }

    func turnEnded(on connection: Connection) {
        connection.flush()
    }

    func notified(channel: String, payload: UnsafeRawBufferPointer, on connection: Connection) {
        unsafe self.receiver(channel, payload)
    }

    func finish(_ handle: ConnectionHandle) {
        self.environment.connector.finish(handle)
    }
}

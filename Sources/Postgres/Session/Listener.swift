internal import NIOCore

/// Receives NOTIFY, on a connection that has no other use and whose socket is always read. On the event loop.
@safe package final class Listener {
    private static let interval = TimeAmount.seconds(10)
    private static let patience = TimeAmount.seconds(5)

    private let environment: DatabaseEnvironment
    private var channels: [String]
    private let observer: (DatabaseEvent) -> Void
    private let receiver: (_ channel: String, _ payload: UnsafeRawBufferPointer) -> Void
    private lazy var session = DatabaseSession(
        part: .listener, environment: self.environment, delegate: self, watch: nil, observer: self.observer)
    private var machine: ListenerStateMachine
    private lazy var ticker = Ticker(every: Self.interval, on: self.environment.eventLoop) { [unowned self] in
        self.run(self.machine.timeToAsk())
        return true
    }

    /// - Parameters:
    ///   - channels: each once, not quoted: the listener quotes them. At most 63 octets each.
    ///   - observer: called for each change of the connection's state.
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

    /// Connects and listens until ``stop()``. Does nothing if there are no channels.
    package func start() {
        guard !self.channels.isEmpty else { return }
        self.session.start()
        self.ticker.start()
    }

    package func stop() {
        self.ticker.cancel()
        self.session.stop()
    }

    /// Listens to another channel too, as soon as possible; ``DatabaseEvent/listening(channels:)`` reports when.
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
            self.session.abandon(reason)
        case .healQueue:
            self.session.query("select pg_catalog.pg_notification_queue_usage()") { _ in
                self.session.abandon(
                    "the notification queue had an unreadable entry, which was skipped")
            }
        }
    }

    private func ask(_ number: Int) {
        // The word LISTEN makes the connection easy to find in pg_stat_activity.
        self.session.query("select pg_catalog.pg_listening_channels() /* wamp-sidecar: LISTEN */") { result in
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

    private func subscribe(to channel: String) {
        self.session.listen(to: channel) { result in
            switch result {
            case .success: self.run(self.machine.subscribed())
            case .failure(.server(let error)):
                self.run(self.machine.failed(sqlstate: error.sqlstate, reason: error.description))
            case .failure(.unavailable(let reason)):
                self.run(self.machine.failed(sqlstate: nil, reason: reason))
            }
        }
    }
}

extension Listener: DatabaseSessionDelegate {
    package func connected(_ session: DatabaseSession, backend: Int32, serverVersion: Int32) {
        self.machine.connected()
        self.environment.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) {
            guard session.backend == backend, !self.machine.isHearing else { return }
            session.abandon("LISTEN was not answered in time")
        }
        self.channels.forEach(self.subscribe(to:))
    }

    package func lost(_ session: DatabaseSession, reason: String?) {
        self.machine.disconnected()
    }

    package func notified(_ session: DatabaseSession, channel: String, payload: UnsafeRawBufferPointer) {
        unsafe self.receiver(channel, payload)
    }
}

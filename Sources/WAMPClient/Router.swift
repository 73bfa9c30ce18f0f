package import NIOCore
package import Names
package import WAMP

/// The lasting connection to a router: connects and joins, again and again, and tries the URLs in turn.
///
/// Confined to its event loop: it can be created anywhere, everything else is called on the loop, and so are the
/// delegate's functions.
package final class Router {
    private let configuration: RouterConfiguration
    private let eventLoop: any EventLoop
    private weak var delegate: (any RouterDelegate)?
    private var reconnect: ReconnectStateMachine
    /// The index of the current URL.
    private var url = 0
    /// One for each URL.
    private var serializers: [SerializerStateMachine]
    private var connection: Connection?
    private var retry: Scheduled<Void>?
    /// The longest message that each router has been seen to accept, in octets.
    private var shownLimits: [RouterURL: Int] = [:]
    /// How many publications each router has been seen to acknowledge at once.
    private var publishWindows: [RouterURL: PublishWindow] = [:]
    private let traffic = Traffic()
    private var stopCompletions: [() -> Void] = []

    /// The joined session, if there is one.
    package private(set) var session: Session?

    /// - Parameters:
    ///   - eventLoop: where everything happens.
    ///   - delegate: held weakly; sessions are made even without it.
    package init(configuration: RouterConfiguration, eventLoop: any EventLoop, delegate: any RouterDelegate) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.delegate = delegate
        self.reconnect = ReconnectStateMachine(
            urls: configuration.urls.count, backoff: configuration.backoff,
            credentialsWait: (configuration.leastCredentialsWait, configuration.greatestCredentialsWait),
            stableAfter: configuration.stableAfter)
        self.serializers = configuration.urls.map { _ in SerializerStateMachine(configuration.serializers) }
    }

    /// Begins to connect; once. From here on the router holds itself until it is stopped.
    package func start() {
        self.eventLoop.assertInEventLoop()
        self.run(self.reconnect.start())
    }

    /// Ends the session with GOODBYE, waits for the answer as long as the configuration says, closes the connection,
    /// and does not connect again. Allowed at any time, and more than once.
    ///
    /// - Parameters:
    ///   - reason: the reason in GOODBYE.
    ///   - completion: called when everything is closed.
    package func stop(reason: URI = CloseReason.normal, completion: @escaping () -> Void) {
        self.eventLoop.assertInEventLoop()
        switch self.reconnect.stop() {
        case .stopped:
            completion()
        case .stopTimer:
            self.retry?.cancel()
            self.retry = nil
            self.delegate?.observed(.stopped)
            completion()
        case .close:
            self.stopCompletions.append(completion)
            self.connection?.leave(reason)
        }
    }

    private func run(_ action: ReconnectStateMachine.Action) {
        switch action {
        case .connect(let index):
            guard index < self.configuration.urls.count else { return }
            let url = self.configuration.urls[index]
            self.url = index
            let connection = Connection(
                url: url, configuration: self.configuration(for: url), eventLoop: self.eventLoop, owner: self,
                delegate: self.delegate, traffic: self.traffic, shownLimit: self.shownLimits[url],
                publishWindow: self.publishWindows[url] ?? PublishWindow())
            self.connection = connection
            self.delegate?.observed(.connecting(url))
            connection.open()
        case .wait(let time):
            self.retry = self.eventLoop.assumeIsolated().scheduleTask(in: time) {
                self.retry = nil
                self.run(self.reconnect.timerFired())
            }
        case .nothing:
            break
        }
    }

    /// RawSocket can ask for only one serializer.
    private func configuration(for url: RouterURL) -> RouterConfiguration {
        var configuration = self.configuration
        switch url.transport {
        case .rawSocket: configuration.serializers = [self.serializers[self.url].next]
        case .webSocket: break
        }
        return configuration
    }

    /// The action after a refused serializer.
    private func refused(_ connection: Connection, _ fault: inout ConnectionFault) -> ReconnectStateMachine.Ending {
        let refused = self.serializers[self.url].next
        switch self.serializers[self.url].wasRefused(isGuess: fault.isGuess) {
        case .tryNext(let next, let isNew):
            if isNew, !self.reconnect.isStopping {
                self.delegate?.observed(.serializerRefused(connection.url, refused, fault, next: next))
            }
            return .serializer
        case .giveUp(let others):
            fault = fault.alike(others)
            return .transient
        }
    }

    private func observe(_ url: RouterURL, _ session: Session?, _ fault: ConnectionFault, retryIn: TimeAmount?) {
        if let session {
            self.delegate?.observed(.left(url, session: session.id, fault, retryIn: retryIn))
        } else if let retryIn {
            self.delegate?.observed(Self.failure(url, fault, retryIn: retryIn))
        }
    }
}

extension Router {
    /// The octets that wait for the router to read them.
    package var unsentOctets: Int { self.connection?.transport?.unsent ?? 0 }
    /// How long the router took to answer the last heartbeat of this connection; nil before the first.
    package var roundTrip: TimeAmount? { self.connection?.roundTrip }
    /// All octets that were sent to routers.
    package var sentOctets: Int { self.traffic.formerSentOctets + (self.connection?.sentOctets ?? 0) }
    /// All octets that came from routers.
    package var receivedOctets: Int { self.traffic.receivedOctets }

    /// How many messages of a kind were sent; nil if clients send none.
    package func sent(_ kind: MessageKind) -> Int? { kind.goesToRouter ? self.traffic.sent(kind) : nil }

    /// How many messages of a kind were received; nil if clients receive none.
    package func received(_ kind: MessageKind) -> Int? { kind.comesFromRouter ? self.traffic.received(kind) : nil }
}

extension Router {
    private static func failure(_ url: RouterURL, _ fault: ConnectionFault, retryIn: TimeAmount) -> RouterEvent {
        switch fault.code {
        case .credentials:
            .credentialsRefused(url, fault, retryIn: retryIn)
        case .untrusted:
            .distrusted(url, fault, retryIn: retryIn)
        case .tls, .unreachable, .handshake, .serializer, .silent, .protocolViolation, .closed, .aborted, .goodbye,
            .killed, .unsentOutput, .stopped:
            .connectFailed(url, fault, retryIn: retryIn)
        }
    }
}

extension Router: ConnectionOwner {
    func connectionOpened(_ connection: Connection) {
        guard connection === self.connection else { return }
        self.serializers[self.url].agreed()
    }

    func connectionJoined(_ connection: Connection, _ session: Session) {
        guard connection === self.connection else { return }
        self.reconnect.joined(at: self.eventLoop.now)
        self.session = session
        self.delegate?.observed(
            .joined(
                connection.url, session: session.id, realm: session.realm, agent: session.agent,
                authid: session.authid, authrole: session.authrole, serializer: connection.serializer.id))
        self.delegate?.joined(session)
    }

    func connectionEnded(_ connection: Connection, _ session: Session?, _ fault: ConnectionFault) {
        guard connection === self.connection else { return }
        self.connection = nil
        self.session = nil
        self.shownLimits[connection.url] = connection.shownLimit
        self.publishWindows[connection.url] = connection.publishWindow.next
        if let session {
            self.delegate?.left(session, reason: fault)
        }
        var fault = fault
        let ending: ReconnectStateMachine.Ending
        if fault.code != .serializer {
            self.serializers[self.url].ended()
        }
        switch fault.code {
        case .serializer:
            ending = self.refused(connection, &fault)
        case .credentials, .untrusted:
            ending = .credentials
        case .killed:
            ending = .killed
        case .tls, .unreachable, .handshake, .silent, .protocolViolation, .closed, .aborted, .goodbye,
            .unsentOutput, .stopped:
            ending = .transient
        }
        let isStopping = self.reconnect.isStopping
        let action = self.reconnect.ended(ending, at: self.eventLoop.now, random: Double.random(in: 0...1))
        switch action {
        case .wait(let time):
            // The timer first: the delegate may stop it.
            self.run(action)
            self.observe(connection.url, session, fault, retryIn: time)
        case .connect, .nothing:
            self.observe(connection.url, session, fault, retryIn: nil)
            self.run(action)
        }
        if isStopping {
            self.delegate?.observed(.stopped)
            let completions = self.stopCompletions
            self.stopCompletions = []
            for completion in completions {
                completion()
            }
        }
    }
}

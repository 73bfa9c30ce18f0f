package import NIOCore
import WAMP

/// The connection to the router that lasts: connects, joins, and does so again for ever, trying the URLs in turn.
///
/// Confined to its event loop: made anywhere, everything else is called there, and so are the delegate's functions.
package final class Router {
    private let configuration: RouterConfiguration
    private let eventLoop: any EventLoop
    private weak var delegate: (any RouterDelegate)?
    private var reconnect: ReconnectStateMachine
    private var connection: Connection?
    private var retry: Scheduled<Void>?
    private var stopCompletions: [() -> Void] = []

    /// The joined session, if there is one.
    package private(set) var session: Session?

    /// - Parameters:
    ///   - eventLoop: where everything happens.
    ///   - delegate: held weakly; without it sessions are still made.
    package init(configuration: RouterConfiguration, eventLoop: any EventLoop, delegate: any RouterDelegate) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.delegate = delegate
        self.reconnect = ReconnectStateMachine(
            urls: configuration.urls.count, backoff: configuration.backoff,
            credentialsWait: (configuration.leastCredentialsWait, configuration.greatestCredentialsWait),
            stableAfter: configuration.stableAfter)
    }

    /// Begins to connect; once. From here on the router holds itself until it is stopped.
    package func start() {
        self.eventLoop.assertInEventLoop()
        self.run(self.reconnect.start())
    }

    /// Ends the session with GOODBYE, waits for the answer as long as the configuration says, closes the connection, and
    /// does not connect any more. Fine at any time, and more than once.
    ///
    /// - Parameter completion: called when everything is closed.
    package func stop(completion: @escaping () -> Void) {
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
            self.connection?.leave()
        }
    }

    private func run(_ action: ReconnectStateMachine.Action) {
        switch action {
        case .connect(let index):
            guard index < self.configuration.urls.count else { return }
            let url = self.configuration.urls[index]
            let connection = Connection(
                url: url, configuration: self.configuration, eventLoop: self.eventLoop, owner: self,
                delegate: self.delegate)
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

    private func observe(_ url: RouterURL, _ session: Session?, _ fault: ConnectionFault, retryIn: TimeAmount?) {
        if let session {
            self.delegate?.observed(.left(url, session: session.id, fault, retryIn: retryIn))
        } else if let retryIn {
            self.delegate?.observed(
                fault.code == .credentials
                    ? .credentialsRefused(url, fault, retryIn: retryIn) : .connectFailed(url, fault, retryIn: retryIn))
        }
    }
}

extension Router: ConnectionOwner {
    func connectionJoined(_ connection: Connection, _ session: Session) {
        guard connection === self.connection else { return }
        self.reconnect.joined(at: self.eventLoop.now)
        self.session = session
        self.delegate?.observed(
            .joined(
                connection.url, session: session.id, realm: session.realm, agent: session.agent,
                authid: session.authid, authrole: session.authrole))
        self.delegate?.joined(session)
    }

    func connectionEnded(_ connection: Connection, _ session: Session?, _ fault: ConnectionFault) {
        guard connection === self.connection else { return }
        self.connection = nil
        self.session = nil
        if let session {
            self.delegate?.left(session, reason: fault)
        }
        let ending: ReconnectStateMachine.Ending
        switch fault.code {
        case .credentials:
            ending = .credentials
        case .killed:
            ending = .killed
        case .tls, .unreachable, .handshake, .silent, .protocolViolation, .closed, .aborted, .goodbye,
            .unsentOutput, .stopped:
            ending = .transient
        }
        let action = self.reconnect.ended(ending, at: self.eventLoop.now, random: Double.random(in: 0...1))
        switch action {
        case .wait(let time):
            self.observe(connection.url, session, fault, retryIn: time)
        case .connect, .nothing:
            self.observe(connection.url, session, fault, retryIn: nil)
        }
        self.run(action)
        if self.reconnect.isStopping {
            self.delegate?.observed(.stopped)
            let completions = self.stopCompletions
            self.stopCompletions = []
            for completion in completions {
                completion()
            }
        }
    }
}

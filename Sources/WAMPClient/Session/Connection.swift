import DequeModule
import NIOCore
import NIOPosix
import Names
import WAMP

/// The owner of a connection, which reports to it on the event loop.
protocol ConnectionOwner: AnyObject {
    /// The router has agreed to a serializer; HELLO goes out next.
    func connectionOpened(_ connection: Connection)
    /// WELCOME has arrived.
    func connectionJoined(_ connection: Connection, _ session: Session)
    /// Everything is over and closed; requests have failed. Called once, as the last function.
    func connectionEnded(_ connection: Connection, _ session: Session?, _ fault: ConnectionFault)
}

/// One attempt at a session, from the first packet to the end: drives the transport, WAMP's session machine, the
/// heartbeat and the deadlines.
///
/// Confined to its event loop. Held by the channel's handlers until the channel is closed. There is one timer, set for
/// the earliest of all deadlines.
final class Connection {
    /// Where the router is.
    let url: RouterURL
    let configuration: RouterConfiguration
    let eventLoop: any EventLoop
    private weak var owner: (any ConnectionOwner)?
    private(set) weak var delegate: (any RouterDelegate)?
    private let traffic: Traffic

    /// The serializer that the router has agreed to, once the transport is open.
    private(set) var serializer: Serializer
    var machine = SessionStateMachine()
    var transport: MessageTransport?
    private(set) var session: Session?
    private var authentication: AuthenticationStateMachine
    private var channel: (any Channel)?
    /// True once TLS is established.
    private var isSecured = false
    private var isEnded = false
    /// The first reason to end is the one that is reported.
    private var fault: ConnectionFault?
    /// The longest message that may be sent to the router, in octets, as its refusals have shown; nil without a
    /// refusal.
    private(set) var shownLimit: Int?

    var pending: [RequestID: WaitingRequest] = [:]
    var repetitions = Repetitions()
    var publishWindow: PublishWindow
    /// The publications that wait for room in the window.
    var publications = Deque<WaitingPublication>()
    var publicationOctets = 0
    /// The registrations that were reported to a caller, and are held.
    var registrations: Set<RegistrationID> = []
    var deadlines = DeadlineQueue<RequestID>()
    /// The calls for which CANCEL was sent, and whose answer has not arrived.
    var canceled: Set<RequestID> = []
    /// The router's features; nil before WELCOME.
    var features: FeatureGate?
    var heartbeat: RequestID?
    private var liveness: LivenessStateMachine
    private var livenessCheck: NIODeadline?
    private var octetsTaken: Int64 = 0
    /// The deadline of the phase: handshake and HELLO, or GOODBYE.
    private var phaseDeadline: NIODeadline?
    private var timer: Scheduled<Void>?
    private var timerDeadline: NIODeadline?

    /// - Parameters:
    ///   - owner: held weakly.
    ///   - delegate: held weakly.
    ///   - traffic: where messages and octets are counted.
    ///   - shownLimit: the limit that earlier connections to this router have shown.
    ///   - publishWindow: likewise.
    init(
        url: RouterURL, configuration: RouterConfiguration, eventLoop: any EventLoop, owner: any ConnectionOwner,
        delegate: (any RouterDelegate)?, traffic: Traffic = Traffic(), shownLimit: Int? = nil,
        publishWindow: PublishWindow = PublishWindow()
    ) {
        self.traffic = traffic
        self.publishWindow = publishWindow
        self.shownLimit = shownLimit
        self.url = url
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.owner = owner
        self.delegate = delegate
        self.serializer = Self.serializer(.json, configuration)
        self.authentication = AuthenticationStateMachine(configuration.authentication, channelID: nil)
        self.liveness = LivenessStateMachine(
            interval: configuration.heartbeatInterval, patience: configuration.heartbeatPatience, now: eventLoop.now)
    }

    private static func serializer(_ id: SerializerID, _ configuration: RouterConfiguration) -> Serializer {
        Serializer(id, limits: DecodingLimits(depth: DecodingLimits.default.depth, size: configuration.greatestMessage))
    }

    /// True if the session is joined and not ending.
    var isJoined: Bool { !self.isEnded && self.machine.isJoined }

    // MARK: - Beginning and ending

    /// Begins to connect. Once.
    func open() {
        self.eventLoop.assertInEventLoop()
        Connector.connect(to: self.url, self.configuration, eventLoop: self.eventLoop, receiver: self)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    self.connected(channel)
                case .failure(let error):
                    self.drop((error as? ConnectionFault) ?? .connectionLost(error))
                    self.ended()
                }
            }
    }

    /// Ends the session in good order, with GOODBYE; ends an attempt immediately.
    func leave(_ reason: URI = CloseReason.normal) {
        self.eventLoop.assertInEventLoop()
        guard !self.isEnded else { return }
        switch self.machine.close(reason: reason) {
        case .send(let goodbye):
            self.fault = self.fault ?? ConnectionFault(.stopped, "left the realm")
            _ = self.send(.goodbye(goodbye))
            self.phaseDeadline = self.eventLoop.now + self.configuration.goodbyeTimeout
            self.arm()
        case .closeConnection:
            self.drop(ConnectionFault(.stopped, "stopped while connecting"))
            if self.channel == nil, self.transport == nil {
                // Connecting can't be interrupted; the channel is closed as soon as there is one.
                self.ended()
            }
        case .wait:
            break
        }
    }

    /// Closes the connection for a reason; later reasons are ignored.
    func drop(_ fault: ConnectionFault) {
        self.fault = self.fault ?? fault
        guard let transport = self.transport else {
            self.channel?.close(mode: .all, promise: nil)
            return
        }
        switch fault.code {
        case .silent, .unsentOutput:
            // The router is not there to answer a GOODBYE.
            transport.abandon()
        case .protocolViolation:
            transport.close(code: 1002)
        case .tls, .unreachable, .handshake, .serializer, .closed, .aborted, .credentials, .untrusted, .goodbye,
            .killed, .stopped:
            transport.close()
        }
    }

    private func connected(_ channel: any Channel) {
        guard !self.isEnded else {
            channel.close(mode: .all, promise: nil)
            return
        }
        self.channel = channel
        if self.fault != nil {
            channel.close(mode: .all, promise: nil)
        } else if self.phaseDeadline == nil, !self.machine.isJoined {
            self.phaseDeadline = self.eventLoop.now + self.configuration.joinTimeout
            self.arm()
        }
    }

    /// The channel is closed, or there was none.
    private func ended() {
        guard !self.isEnded else { return }
        self.isEnded = true
        self.timer?.cancel()
        self.timer = nil
        self.traffic.formerSentOctets += self.sentOctets
        self.transport = nil
        self.channel = nil
        let fault = (self.fault ?? ConnectionFault(.closed, "closed the connection")).of(self.url)
        let waiting = self.pending
        self.pending = [:]
        // In the order in which they were sent: a caller may rely on it. The machine has forgotten those that were
        // given up.
        _ = self.machine.connectionLost()
        for (_, request) in waiting.sorted(by: { $0.key < $1.key }) {
            request.request.fail(.sessionClosed)
        }
        let unsent = self.publications
        self.publications = []
        for publication in unsent { publication.completion(.failure(.noSession)) }
        let session = self.session
        self.session = nil
        self.owner?.connectionEnded(self, session, fault)
    }

    // MARK: - Messages

    /// The octets that were sent so far.
    var sentOctets: Int { self.transport.map { Int($0.octetsWritten) } ?? 0 }

    /// Sends a message, in any phase.
    ///
    /// - Parameter atLeast: the message has at least this many octets of text.
    func send(_ message: OutgoingMessage, atLeast: Int = 0) -> SendOutcome {
        guard let transport = self.transport else { return .sessionClosed }
        let outcome = transport.send(atLeast: self.serializer.leastOctets(ofText: atLeast)) {
            self.serializer.encode(message, into: &$0)
        }
        switch outcome {
        case .sent: self.traffic.count(sent: message.kind)
        case .tooLarge, .sessionClosed: break
        }
        return outcome
    }

    private func received(_ action: ReceivedAction) {
        switch action {
        case .invocation(let invocation):
            if let session = self.session {
                self.delegate?.received(invocation, in: session)
            }
        case .interrupt(let interrupt):
            if let session = self.session {
                self.delegate?.received(interrupt, in: session)
            }
        case .event(let event):
            if let session = self.session {
                self.delegate?.received(event, in: session)
            }
        case .answered(let id, let answer):
            self.answered(id, answer)
        case .registrationRevoked(let registration, let reason):
            self.registrations.remove(registration)
            if let session = self.session {
                self.delegate?.revoked(registration, reason: reason, in: session)
            }
        case .subscriptionRevoked(let subscription, let reason):
            if let session = self.session {
                self.delegate?.revoked(subscription, reason: reason, in: session)
            }
        case .drop(let drop):
            self.delegate?.observed(.dropped(drop))
        case .joined(let welcome):
            self.joined(welcome)
        case .challenged(let challenge):
            self.challenged(challenge)
        case .refused(let abort):
            self.drop(.refused(abort, self.configuration.authentication))
        case .aborted(let abort):
            self.drop(.aborted(abort))
        case .ended(let goodbye, let reply):
            _ = self.send(.goodbye(reply))
            self.drop(.goodbye(goodbye))
        case .closed:
            self.drop(ConnectionFault(.stopped, "left the realm"))
        case .violation(let abort):
            _ = self.send(.abort(abort))
            self.drop(ConnectionFault(.protocolViolation, "broke the protocol: \(abort.message ?? abort.reason)"))
        }
    }

    private func joined(_ welcome: Welcome) {
        do throws(AuthenticationError) {
            try self.authentication.check(welcome)
        } catch {
            self.refuse(error)
            return
        }
        let session = Session(welcome: welcome, connection: self)
        self.session = session
        self.features = FeatureGate(welcome)
        self.phaseDeadline = nil
        self.liveness.heard(at: self.eventLoop.now)
        self.livenessCheck = self.liveness.firstCheck
        self.arm()
        self.owner?.connectionJoined(self, session)
    }

    private func challenged(_ challenge: Challenge) {
        let work: AuthenticationWork
        do throws(AuthenticationError) {
            work = try self.authentication.work(for: challenge)
        } catch {
            self.refuse(error)
            return
        }
        guard work.isSlow else {
            self.challengeAnswered(Self.run(work))
            return
        }
        NIOThreadPool.singleton.runIfActive(eventLoop: self.eventLoop) { Self.run(work) }.assumeIsolated().whenComplete
        { outcome in
            switch outcome {
            case .success(let answer): self.challengeAnswered(answer)
            case .failure: self.challengeAnswered(.failure(.cryptography))
            }
        }
    }

    private static func run(_ work: AuthenticationWork) -> Result<AuthenticationAnswer, AuthenticationError> {
        do throws(AuthenticationError) {
            return .success(try work.run())
        } catch {
            return .failure(error)
        }
    }

    private func challengeAnswered(_ answer: Result<AuthenticationAnswer, AuthenticationError>) {
        switch answer {
        case .success(let answer):
            if let message = self.machine.authenticate(self.authentication.answered(answer)) {
                _ = self.send(.authenticate(message))
            }
        case .failure(let error):
            self.refuse(error)
        }
    }

    /// Refuses the router, if there is still something to refuse.
    private func refuse(_ error: AuthenticationError) {
        if let abort = self.machine.refuse(error) {
            _ = self.send(.abort(abort))
            self.drop(.notLoggedIn(error))
        }
    }

    /// Whether nobody else can read what is sent. The name in the URL does not say where it led, so the other end's
    /// address counts as well.
    private func isConfidential(_ transport: MessageTransport) -> Bool {
        if self.url.isSecure { return true }
        guard self.url.isLocal else { return false }
        return transport.remoteAddress?.isLocal ?? false
    }

    // MARK: - Time

    /// How long the router took to answer the last heartbeat; nil before the first.
    var roundTrip: TimeAmount? { self.liveness.roundTrip }

    /// Sets the timer for the earliest deadline. A timer that is earlier than needed stays: it will set the next one.
    func arm() {
        guard !self.isEnded else { return }
        var next = self.phaseDeadline
        for deadline in [self.livenessCheck, self.deadlines.earliest, self.repetitions.nextCheck] {
            if let deadline {
                next = min(next ?? deadline, deadline)
            }
        }
        guard let next else { return }
        if let timerDeadline, timerDeadline <= next { return }
        self.timer?.cancel()
        self.timerDeadline = next
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: next) { self.timerFired() }
    }

    private func timerFired() {
        guard !self.isEnded else { return }
        self.timer = nil
        self.timerDeadline = nil
        let now = self.eventLoop.now
        if let deadline = self.phaseDeadline, deadline <= now {
            self.phaseDeadline = nil
            let patience = self.configuration.joinTimeout
            self.drop(
                self.url.isSecure && !self.isSecured
                    ? .noHandshake(within: patience)
                    : .noAnswer(self.url, isOpen: self.transport != nil, within: patience))
        }
        while let id = self.deadlines.popDue(at: now) {
            self.giveUp(id, self.canceled.contains(id) ? .canceled : .timeout)
        }
        self.askAgain(at: now)
        if let deadline = self.livenessCheck, deadline <= now {
            self.checkLiveness(now)
        }
        self.arm()
    }

    private func checkLiveness(_ now: NIODeadline) {
        guard let transport = self.transport else { return }
        // A router that is slow to read what we send is not dead.
        let taken = transport.octetsTaken
        if taken > self.octetsTaken, transport.unsent > 0 {
            self.liveness.took(at: now)
        }
        self.octetsTaken = taken
        switch self.liveness.check(at: now) {
        case .wait(let until):
            self.livenessCheck = until
        case .probe(let next):
            self.livenessCheck = next
            self.probe(transport)
        case .dead(let silence):
            self.livenessCheck = nil
            self.drop(ConnectionFault(.silent, "said nothing for \(silence.wholeSeconds) s, not even when asked"))
        }
    }

    private func probe(_ transport: MessageTransport) {
        switch self.url.transport {
        case .webSocket:
            transport.ping()
        case .rawSocket where self.configuration.ping:
            transport.ping()
        case .rawSocket:
            self.sendHeartbeat()
        }
    }
}

extension Connection: TransportReceiver {
    func transportSecured(channelID: [UInt8]?) {
        self.isSecured = true
        self.authentication = AuthenticationStateMachine(self.configuration.authentication, channelID: channelID)
    }

    func transportOpened(_ transport: MessageTransport, serializer: SerializerID?) {
        guard !self.isEnded, self.fault == nil else {
            transport.close()
            return
        }
        self.transport = transport
        if let shownLimit = self.shownLimit {
            transport.limit(to: shownLimit)
        }
        self.serializer = Self.serializer(serializer ?? .json, self.configuration)
        self.owner?.connectionOpened(self)
        if self.phaseDeadline == nil {
            self.phaseDeadline = self.eventLoop.now + self.configuration.joinTimeout
            self.arm()
        }
        let needsConfidence = self.configuration.authentication.revealsSecret && !self.configuration.isInsecure
        guard !needsConfidence || self.isConfidential(transport) else {
            self.drop(.openTicket)
            return
        }
        do throws(AuthenticationError) {
            let hello = try self.authentication.hello(
                realm: self.configuration.realm, agent: self.configuration.agent)
            if let hello = self.machine.open(hello) {
                _ = self.send(.hello(hello))
            }
        } catch {
            self.drop(.notLoggedIn(error))
        }
    }

    func transportHeard(octets: Int) {
        self.traffic.receivedOctets += octets
        self.liveness.heard(at: self.eventLoop.now)
    }

    func transportReceived(_ message: ByteBuffer) {
        do throws(MessageError) {
            let message = try self.serializer.decode(message)
            if let kind = message.kind { self.traffic.count(received: kind) }
            self.received(self.machine.received(message))
        } catch {
            if let abort = self.machine.received(error) {
                _ = self.send(.abort(abort))
            }
            self.drop(ConnectionFault(.protocolViolation, "sent something that is not WAMP: \(error)"))
        }
    }

    /// Whichever peer caused it, for others the session goes on: as if the message had arrived with a payload that
    /// can't be used.
    func transportSkipped(beginning: ByteBuffer) {
        guard self.machine.isJoined, let message = self.serializer.message(beginning: beginning) else {
            if let abort = self.machine.received(MessageError(.tooLarge)) {
                _ = self.send(.abort(abort))
            }
            return self.drop(
                ConnectionFault(
                    .protocolViolation,
                    "sent a message longer than the limit of \(self.configuration.greatestMessage) octets"))
        }
        if let kind = message.kind { self.traffic.count(received: kind) }
        self.received(self.machine.received(message))
    }

    func transportWritabilityChanged(_ isWritable: Bool) {
        guard self.isJoined, let session = self.session else { return }
        self.delegate?.observed(.writabilityChanged(isWritable: isWritable))
        self.delegate?.writabilityChanged(isWritable, in: session)
    }

    func transportFailed(_ fault: ConnectionFault) {
        // Crossbar.io closes without a message if it rejects something in HELLO.
        if fault.code == .closed, self.transport != nil, self.session == nil {
            self.fault =
                self.fault
                ?? ConnectionFault(
                    .closed,
                    "\(fault.message) right after HELLO, without a reason: look at router.realm, router.auth and the "
                        + "router's log")
        } else if fault.closeCode == Self.messageTooBig, let transport = self.transport, self.fault == nil {
            // WebSocket doesn't announce the peer's limit. A message that is sent again and again would end every
            // session, so the limit is learned: half of the longest message, because a limit that shrinks by octets
            // costs many sessions.
            let limit = max(transport.longestSent / 2, min(transport.longestSent - 1, Self.leastLimit))
            self.shownLimit = limit
            self.fault = ConnectionFault(
                .closed,
                "\(fault.message): a message of up to \(transport.longestSent) octets was too big for it; "
                    + "from now on it is sent at most \(limit). "
                    + "Raise its limit for messages, then restart the sidecar")
        } else {
            self.fault = self.fault ?? fault
        }
    }

    /// The reason of a WebSocket close frame (RFC 6455, section 7.4.1).
    private static let messageTooBig: UInt16 = 1009
    /// HELLO, and a few arguments, must fit.
    private static let leastLimit = 4096

    func transportClosed() {
        self.ended()
    }
}

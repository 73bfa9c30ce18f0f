package import Cryptography
package import NIOCore
package import NIOOpenSSL
package import Names
import PostgresWire

/// The port at which the database calls out: a PostgreSQL server that runs no SQL, but hands each document to the
/// router's session. On the event loop.
package final class CallPort {
    /// What the port needs to know.
    package struct Configuration: Sendable {
        /// Where it listens.
        package let address: ListenAddress
        /// What clients have to prove that they know.
        package let password: SecretBytes
        /// What those have to know who ask for the state only; nil: there are none.
        let statusPassword: SecretBytes?
        /// A call's deadline, if it names none.
        let timeout: TimeAmount
        /// The most clients that are logged in at a time.
        let greatestSessions: Int
        /// The most connections at a time that have proved nothing.
        let greatestUnproved: Int
        /// Whether the router's own procedures and topics can be had.
        let allowMeta: Bool
        /// How TLS is made; nil: there is none.
        let tls: TLSContext?
        /// Whether clients may log in without TLS where there is some.
        let allowsPlaintext: Bool
        /// Whether logging in over TLS can be bound to the certificate.
        package var bindsTLS: Bool { self.tls?.endPoint != nil }

        /// The most connections that have proved nothing, where the process may have as many descriptors open.
        package static let mostUnproved = CallPortAdmission.unproved

        /// Takes what each of them is.
        package init(
            address: ListenAddress, password: SecretBytes, statusPassword: SecretBytes? = nil,
            timeout: TimeAmount = .seconds(10), greatestSessions: Int = 500, greatestUnproved: Int = Self.mostUnproved,
            allowMeta: Bool = false, tls: TLSContext? = nil,
            allowsPlaintext: Bool = false
        ) {
            self.address = address
            self.password = password
            self.statusPassword = statusPassword
            self.timeout = timeout
            self.greatestSessions = greatestSessions
            self.greatestUnproved = greatestUnproved
            self.allowMeta = allowMeta
            self.tls = tls
            self.allowsPlaintext = allowsPlaintext
        }
    }

    /// What becomes of a document.
    enum Judgement {
        /// It is answered at once.
        case answer(CallPortAnswer, proof: String? = nil)
        /// It is sent.
        case send(CallPortRequest, any CallPortPeer, proof: String?)
        /// The connection is this backend's from now on.
        case belongs(to: Int32, proof: String)
    }

    /// The user that calls log in as.
    package static let user = "wamp"
    /// The user that may ask for the state and nothing else.
    static let statusUser = "status"
    /// So many of those come in when there is no place for others.
    private static let statusSessions = 3
    /// How long a client may take to send its first octets.
    static let firstPacketTimeout = TimeAmount.seconds(2)
    /// How long it may take to prove who it is, from then on.
    static let authenticationTimeout = TimeAmount.seconds(8)
    /// What is not longer than this has room in any case.
    static let shortDocument = 64 * 1024
    /// The most octets of longer documents at a time: two of the longest. Each takes up to six times as much while it
    /// is read, taken apart and sent.
    private static let mostOctets = 32 << 20
    /// The most octets of longer answers that their clients have not read yet.
    private static let mostUnreadAnswers = 64 << 20
    /// How long a document waits for room, unread: less than the time after which the kernel gives up a connection that
    /// takes nothing.
    static let roomPatience = TimeAmount.seconds(5)
    /// How long a document may be on its way once it has room, which others may want.
    static let arrivalPatience = TimeAmount.seconds(30)
    /// Of what is random, in octets.
    private static let keyLength = 32
    /// A password from this length on is taken to be a random one, for which slowness adds nothing but latency to each
    /// connect; a shorter one gets the iterations that RFC 7677 asks for.
    private static let longPassword = 32
    private static let iterations = 4096

    /// What each document has to prove that it knows; nil as long as this sidecar has not led.
    package var key: CallPortKey?
    /// Which backends wait here, by the process ids that they tell. See also ``waitingChanged``.
    var waitingBackends: Set<Int32> { self.waiting.all }
    /// Called when a backend begins to wait (true), or waits no more.
    package var waitingChanged: ((Int32, Bool) -> Void)?
    /// Called when the port begins to listen (true), or listens no more.
    package var listeningChanged: ((Bool) -> Void)?
    /// The session with the router; nil while there is none.
    package var peer: (any CallPortPeer)? {
        didSet { self.writable() }
    }
    /// The most clients that can be logged in.
    package var mostSessions: Int { self.configuration.greatestSessions }
    /// What calls log in with.
    package var password: SecretBytes { self.configuration.password }
    /// Clients that are logged in.
    package var sessions: Int { self.admission.sessions }

    /// What became of calls and publications.
    package private(set) var counts = CallPortCounts()
    /// How many have not been answered.
    package var callsInProgress: Int { self.connections.values.count { $0.hasCall } }

    private var configuration: Configuration
    private let version: String
    private let eventLoop: any EventLoop
    private var settings: WireServerSettings
    private let status: (_ sessions: Int) -> [CallPortAnswer.Field]
    private let observer: (CallPortEvent) -> Void
    private var listener: PortListener?
    private var connections: [Int32: CallPortConnection] = [:]
    private var lastNumber: Int32 = 0
    private var waiting = WaitingBackends()
    private var delay = AuthenticationDelay()
    private var admission: CallPortAdmission
    private var room = DocumentRoom(capacity: CallPort.mostOctets)
    /// The octets of long answers that have not been written.
    private var unreadAnswers = 0
    /// The connections whose documents wait until the router takes more.
    private var parked: [Int32] = []
    private var drained: (() -> Void)?

    /// - Parameters:
    ///   - version: of the sidecar, which clients see as a part of the server's.
    ///   - status: the state as people see it, a row of it.
    ///   - observer: told of what is worth the log.
    package init(
        configuration: Configuration, version: String, eventLoop: any EventLoop,
        status: @escaping (_ sessions: Int) -> [CallPortAnswer.Field], observer: @escaping (CallPortEvent) -> Void
    ) throws(CryptographyError) {
        self.configuration = configuration
        self.version = version
        self.eventLoop = eventLoop
        self.status = status
        self.observer = observer
        self.admission = CallPortAdmission(limit: configuration.greatestUnproved)
        self.settings = try Self.settings(configuration, version: version)
    }

    /// Another certificate, and other limits, hold for the clients that come from now on.
    ///
    /// - Parameter configuration: of it the address is not used: the port goes on listening where it does.
    package func change(_ configuration: Configuration) throws(CryptographyError) {
        self.settings = try Self.settings(configuration, version: self.version)
        self.configuration = configuration
    }

    private static func settings(
        _ configuration: Configuration, version: String
    ) throws(CryptographyError) -> WireServerSettings {
        let password = configuration.password
        var credentials = try WireCredentials(
            user: Self.user, password: password, iterations: Self.iterations(of: password),
            saltKey: try SecureRandom.bytes(count: Self.keyLength))
        if let password = configuration.statusPassword {
            try credentials.add(
                user: Self.statusUser, password: password, iterations: Self.iterations(of: password))
        }
        return WireServerSettings(
            credentials: credentials, serverVersion: "15.0 (wamp-sidecar \(version))",
            encryption: configuration.tls == nil ? .none : configuration.allowsPlaintext ? .offered : .required,
            endPoint: configuration.tls?.endPoint)
    }

    private static func iterations(of password: SecretBytes) -> Int {
        password.count >= Self.longPassword ? 1 : Self.iterations
    }

    /// Where it listens, once it does: of port 0 the one that the system chose.
    var localAddress: SocketAddress? { self.listener?.localAddress }

    /// Begins to listen; repeats the attempt if that is not possible yet.
    package func start() {
        self.eventLoop.assertInEventLoop()
        let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
        let listener = PortListener(
            PortPlace(self.configuration.address), eventLoop: self.eventLoop,
            observer: { [observer] in observer(.port($0)) },
            isFullUntil: { [unowned self] in self.isFullUntil }
        ) { channel in
            channel.eventLoop.makeCompletedFuture { try bound.value.accept(channel) }
        }
        self.listener = listener
        listener.changed = { self.listeningChanged?($0) }
        listener.start()
    }

    /// Accepts no more clients and closes the connections that wait for nothing; `completion` is called once no call
    /// runs.
    package func drain(completion: @escaping () -> Void) {
        self.listener?.stop()
        self.drained = completion
        for connection in Array(self.connections.values) { connection.drain() }
        self.tellIfDrained()
    }

    /// Closes what is left; calls that run are given up.
    package func stop() {
        self.listener?.stop()
        for connection in Array(self.connections.values) { connection.stop() }
    }

    // MARK: - Connections

    /// A connection has come: gives it its handler.
    func accept(_ channel: any Channel) throws {
        let now = self.eventLoop.now
        if case .inPlaceOf(let number) = self.admission.room(at: now) {
            self.admission.left(number)
            self.connections[number]?.stop()
        }
        self.lastNumber = self.lastNumber == .max ? 1 : self.lastNumber + 1
        let nonce = Base64.encode(try SecureRandom.bytes(count: 18))
        let connection = CallPortConnection(
            number: self.lastNumber, port: self,
            machine: WireServerStateMachine(settings: self.settings, process: self.lastNumber, nonce: nonce),
            limits: self.settings.limits, tls: self.configuration.tls)
        try channel.pipeline.syncOperations.addHandler(connection)
        self.connections[self.lastNumber] = connection
        self.admission.arrived(self.lastNumber, at: now)
    }

    /// Until when nobody is accepted; nil: there is room, or somebody who has had his time to make some.
    private var isFullUntil: NIODeadline? {
        switch self.admission.room(at: self.eventLoop.now) {
        case .free, .inPlaceOf: nil
        case .later(let deadline): deadline
        }
    }

    /// A connection's first octets have come.
    func spoke(_ connection: CallPortConnection) {
        self.admission.spoke(connection.number)
    }

    /// A connection's client has proved who it is.
    ///
    /// - Returns: why it can't log in; nil if it can.
    func admit(_ connection: CallPortConnection, user: String) -> WireError? {
        let limit = self.configuration.greatestSessions
        let reserve = user == Self.statusUser ? Self.statusSessions : 0
        guard self.admission.sessions < limit + reserve else {
            self.observer(.tooManySessions(limit: limit))
            return WireError(
                .fatal, "53300", "too many connections: the sidecar takes \(limit)",
                hint: "caller.sessions in the sidecar's configuration is how many.")
        }
        self.admission.hasProved(connection.number)
        self.listener?.roomMayBe()
        return nil
    }

    /// A connection is closed.
    func ended(_ connection: CallPortConnection) {
        if self.connections[connection.number] === connection { self.connections[connection.number] = nil }
        self.admission.left(connection.number)
        self.listener?.roomMayBe()
        self.leaveRoom(connection)
        self.tellIfDrained()
    }

    /// Somebody did not know the password.
    ///
    /// - Returns: how long the answer is to wait.
    func authenticationFailed(user: String, from address: String) -> TimeAmount {
        let delay = self.delay.failed(at: self.eventLoop.now)
        self.observer(.authenticationFailed(user: user, from: address, total: self.delay.total))
        return delay
    }

    /// A connection was ended with an error.
    func failed(_ error: WireError, from address: String) {
        // Told when it was accepted.
        guard error.code != "53300" else { return }
        self.observer(.refused(from: address, reason: error.message))
    }

    /// A connection never came to be encrypted.
    func failed(_ failure: TLSFailure, from address: String) {
        self.observer(.refused(from: address, reason: failure.description))
    }

    private func tellIfDrained() {
        guard let drained = self.drained, !self.connections.values.contains(where: { $0.isBusy }) else { return }
        self.drained = nil
        drained()
    }

    // MARK: - Room for documents

    /// A long document has begun to come.
    ///
    /// - Returns: whether there is room for it; if not, the connection hears when there is.
    func askForRoom(_ connection: CallPortConnection, octets: Int) -> Bool {
        self.room.ask(connection.number, octets: octets)
    }

    /// A connection's document is sent, or gives up.
    func leaveRoom(_ connection: CallPortConnection) {
        self.parked.removeAll { $0 == connection.number }
        for number in self.room.leave(connection.number) { self.connections[number]?.hasRoom() }
    }

    /// Whether a long document can be sent now; if not, the connection hears when it can.
    func canSend(_ connection: CallPortConnection) -> Bool {
        guard let peer = self.peer, !peer.isWritable || !self.parked.isEmpty else { return true }
        self.parked.append(connection.number)
        return false
    }

    /// The answer, or what is said in its place if there is no room for it among those that wait to be read. One has
    /// room in any case.
    func fitting(_ answer: CallPortAnswer) -> CallPortAnswer {
        let octets = answer.resultOctets
        guard octets > Self.shortDocument, self.unreadAnswers > 0,
            self.unreadAnswers + octets > Self.mostUnreadAnswers
        else {
            return answer
        }
        return .failure(
            CallPortAnswer.Failure(
                code: "53200",
                message: "the procedure has run, but too many long answers wait for their backends to read them"))
    }

    /// Keeps the room of what is written until the client takes it; nil for what is short.
    func written(_ octets: Int) -> EventLoopPromise<Void>? {
        guard octets > Self.shortDocument else { return nil }
        self.unreadAnswers += octets
        let promise = self.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in self.unreadAnswers -= octets }
        return promise
    }

    /// The router takes more, or there is another one, or none. One long document is sent at a time: what is sent waits
    /// here for the router.
    package func writable() {
        while !self.parked.isEmpty, self.peer?.isWritable ?? true {
            self.connections[self.parked.removeFirst()]?.goOn()
        }
    }

    // MARK: - Documents

    /// Looks what is to be done with a document.
    ///
    /// - Parameters:
    ///   - user: who has come in on the document's connection.
    ///   - owner: the backend that has proved on it that it knows the key. What proves it for one process is worth
    ///   nothing on
    ///     another's connection.
    func judge(_ document: CallPortDocument, user: String, owner: Int32?) -> Judgement {
        if case .status = document.operation { return .answer(.status(self.status(self.sessions))) }
        guard user == Self.user else { return .answer(.failure(.statusOnly)) }
        guard let key = self.key else { return .answer(.stale) }
        var proof: String?
        if let claim = document.claim, let backend = document.backend {
            proof = try? key.answer(to: claim, operation: document.operation.name, backend: backend)
        }
        if case .prove = document.operation {
            guard let proof, let backend = document.backend, owner == nil || owner == backend else {
                return .answer(.stale)
            }
            return .belongs(to: backend, proof: proof)
        }
        guard (proof != nil && document.backend == owner) || document.key.map(key.isKey) == true else {
            return .answer(.stale)
        }
        do throws(CallPortAnswer.Failure) {
            let request = try CallPortRequest(
                document, timeout: self.configuration.timeout, allowMeta: self.configuration.allowMeta)
            guard let peer = self.peer else { throw .notJoined }
            return .send(request, peer, proof: proof)
        } catch {
            self.callFailed()
            return .answer(.failure(error), proof: proof)
        }
    }

    /// A call or publication begins.
    func callBegan() -> NIODeadline {
        self.counts.began()
        return self.eventLoop.now
    }

    /// One that began has ended.
    func callEnded(_ kind: CallPortCounts.Kind, since began: NIODeadline) {
        self.counts.ended(kind, nanoseconds: (self.eventLoop.now - began).nanoseconds)
    }

    /// One is answered without having been sent.
    func callFailed() {
        self.counts.began()
        self.counts.ended(.failed, nanoseconds: 0)
    }

    /// A backend begins to wait for an answer.
    func beginsToWait(_ backend: Int32) {
        if self.waiting.insert(backend) { self.waitingChanged?(backend, true) }
    }

    /// It has its answer, or is gone.
    func waitsNoMore(_ backend: Int32) {
        if self.waiting.remove(backend) { self.waitingChanged?(backend, false) }
    }
}

import NIOCore
import Postgres
import SidecarConfiguration
import WAMP
import WAMPClient

extension RouterConfiguration {
    /// Takes the file's settings.
    init(_ settings: RouterSettings, version: String) {
        self.init(
            urls: settings.urls.map(\.value), realm: settings.realm.value,
            authentication: Authentication(settings.authentication.credentials), agent: "wamp-sidecar/\(version)")
        self.tls = settings.tlsContext
        self.serverName = settings.tls?.serverName?.value
        self.proxy = settings.proxy
        self.headers = settings.headers
        self.serializers = settings.serializers.map { serializer in
            switch serializer {
            case .json: .json
            case .msgpack: .msgpack
            case .cbor: .cbor
            }
        }
        self.ping = settings.ping
        self.isInsecure = settings.insecure
    }
}

extension Authentication {
    /// Takes the file's settings. Secrets stay at their place in memory.
    init(_ credentials: AuthenticationSettings.Credentials) {
        switch credentials {
        case .anonymous(let authid): self = .anonymous(authid: authid)
        case .ticket(let authid, let ticket): self = .ticket(authid: authid, ticket: ticket.octets)
        case .wampcra(let authid, let secret): self = .wampcra(authid: authid, secret: secret.octets)
        case .cryptosign(let authid, let key, let binding):
            self = .cryptosign(authid: authid, key: key, isChannelBound: binding != nil)
        case .scram(let authid, let secret, let dialect):
            self = .scram(authid: authid, password: secret.octets, dialect: ScramDialect(dialect))
        case .tls(let authid): self = .tls(authid: authid)
        }
    }
}

extension ScramDialect {
    fileprivate init(_ dialect: AuthenticationSettings.ScramDialect) {
        switch dialect {
        case .crossbar: self = .crossbar
        case .specification: self = .specification
        }
    }
}

extension DatabaseEnvironment {
    /// Besides those for calls, each with a spare one: control connection, listener and the leader's session.
    private static let otherConnections = 3

    /// Takes the file's settings, and starts the threads that connecting needs.
    init(_ settings: DatabaseSettings, eventLoop: any EventLoop, sessionTimeout: TimeAmount) throws {
        let delays = Backoff()
        var random = SystemRandomNumberGenerator()
        self.init(
            settings: settings.connection.value,
            eventLoop: eventLoop,
            watcher: try Watcher(eventLoop: eventLoop),
            connector: Connector(
                connections: 2 * settings.connections + Self.otherConnections + Guests.descriptors(settings)),
            statementTimeout: sessionTimeout,
            backoff: { delays.delay(failures: $0 + 1, random: Double.random(in: 0...1, using: &random)) })
    }
}

extension PoolLimits {
    /// Takes the file's settings.
    init(_ settings: DatabaseSettings) {
        self.init(
            connections: settings.connections, pipeline: settings.pipeline, queue: settings.queue,
            queueTimeout: TimeAmount(settings.queueTimeout))
    }

    /// For the functions of low roles: each call makes its own connection, so that more of them would not be faster.
    static func guests(_ settings: DatabaseSettings) -> Self {
        Self(
            connections: min(settings.connections, 8), pipeline: 1, queue: settings.queue,
            queueTimeout: TimeAmount(settings.queueTimeout))
    }
}

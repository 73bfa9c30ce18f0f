internal import NIOOpenSSL
internal import Names

/// A key of the file that has one value, and how another value takes effect.
///
/// A test goes through ``KeyTable``: each of its keys is here, but for those that map something.
struct SingleSetting: Sendable {
    /// The key, with its section's: `database.queue`.
    let name: String

    /// How another value takes effect.
    let way: ConfigurationChange.Way

    /// Whether two files say the same.
    let isSame: @Sendable (Configuration, Configuration) -> Bool

    private init(
        _ name: String, _ way: ConfigurationChange.Way,
        isSame: @escaping @Sendable (Configuration, Configuration) -> Bool
    ) {
        self.name = name
        self.way = way
        self.isSame = isSame
    }

    /// All of them, in the order of the reference.
    static let all = Self.ofRouter + Self.ofDatabase + Self.ofCaller + Self.ofAdmin + Self.others

    private static let ofRouter = [
        SingleSetting("router.url", .newSessions) { one, other in
            one.router.urls == other.router.urls
                && zip(one.router.urls, other.router.urls).allSatisfy {
                    ExactText.areSame($0.value.description, $1.value.description)
                }
        },
        SingleSetting("router.realm", .newSessions) {
            ExactText.areSame($0.router.realm.value.description, $1.router.realm.value.description)
        },
        SingleSetting("router.serializers", .newSessions) { $0.router.serializers == $1.router.serializers },
        SingleSetting("router.auth", .newSessions) {
            $0.router.authentication.credentials.isSame(as: $1.router.authentication.credentials)
        },
        SingleSetting("router.tls", .newSessions) { $0.router.tls == $1.router.tls },
        SingleSetting("router.headers", .newSessions) { $0.router.headers == $1.router.headers },
        SingleSetting("router.proxy", .newSessions) { $0.router.proxy == $1.router.proxy },
        SingleSetting("router.ping", .newSessions) { $0.router.ping == $1.router.ping },
        SingleSetting("router.call_timeout_unit", .newSessions) {
            $0.router.callTimeoutUnit == $1.router.callTimeoutUnit
        },
        SingleSetting("router.testament", .newSessions) { one, other in
            switch (one.router.testament, other.router.testament) {
            case (nil, nil): true
            case (let one?, let other?): one.isSame(as: other)
            case (nil, _), (_, nil): false
            }
        },
        SingleSetting("router.insecure", .newSessions) { $0.router.insecure == $1.router.insecure },
    ]

    private static let ofDatabase = [
        // What the URL says and the password are one.
        SingleSetting("database.url", .newSessions) { $0.database.connection == $1.database.connection },
        SingleSetting("database.connections", .atOnce) { $0.database.connections == $1.database.connections },
        SingleSetting("database.pipeline", .atOnce) { $0.database.pipeline == $1.database.pipeline },
        SingleSetting("database.queue", .atOnce) { $0.database.queue == $1.database.queue },
        SingleSetting("database.queue_timeout", .atOnce) { $0.database.queueTimeout == $1.database.queueTimeout },
        SingleSetting("database.on_database_loss", .atOnce) {
            $0.database.onDatabaseLoss == $1.database.onDatabaseLoss
        },
        SingleSetting("database.schema", .restart { $0.database.schemaLocation }) {
            ExactText.areSame($0.database.schema, $1.database.schema)
        },
        SingleSetting("database.grant_to", .atOnce) {
            ExactText.areSame($0.database.grantTo, $1.database.grantTo)
        },
        SingleSetting("database.register_to", .atOnce) {
            ExactText.areSame($0.database.registerTo, $1.database.registerTo)
        },
    ]

    private static let ofCaller = [
        SingleSetting("caller.listen", .restart { $0.caller?.listen.location ?? .start }) { one, other in
            ExactText.areSame(one.caller?.listen.value.description, other.caller?.listen.value.description)
        },
        SingleSetting("caller.connect", .newSessions) { one, other in
            let (one, other) = (one.caller?.connect?.value.all ?? [], other.caller?.connect?.value.all ?? [])
            return ExactText.areSame(one.map(\.name), other.map(\.name))
                && ExactText.areSame(one.map(\.value), other.map(\.value))
        },
        SingleSetting("caller.password", .newSessions) { $0.caller?.password == $1.caller?.password },
        SingleSetting("caller.status_password", .atOnce) {
            $0.caller?.statusPassword == $1.caller?.statusPassword
        },
        // The database knows whether there is TLS, and whether logging in is bound to the certificate.
        SingleSetting("caller.tls", .newSessions) {
            $0.caller?.tlsIdentity == $1.caller?.tlsIdentity || Self.hasTLSAlike($0, $1)
        },
        SingleSetting("caller.tls", .atOnce) {
            $0.caller?.tlsIdentity == $1.caller?.tlsIdentity || !Self.hasTLSAlike($0, $1)
        },
        SingleSetting("caller.timeout", .atOnce) { $0.caller?.timeout == $1.caller?.timeout },
        SingleSetting("caller.sessions", .atOnce) { $0.caller?.sessions == $1.caller?.sessions },
        SingleSetting("caller.insecure", .newSessions) { $0.caller?.insecure == $1.caller?.insecure },
        SingleSetting("caller.allow_meta", .atOnce) { $0.caller?.allowMeta == $1.caller?.allowMeta },
    ]

    /// Whether the call port has TLS in both, and logging in can be bound to the certificate in both or in neither.
    private static func hasTLSAlike(_ one: Configuration, _ other: Configuration) -> Bool {
        guard let one = one.caller?.tls, let other = other.caller?.tls else { return false }
        return (one.endPoint == nil) == (other.endPoint == nil)
    }

    private static let ofAdmin = [
        SingleSetting("admin.listen", .restart { $0.admin?.listen.location ?? .start }) {
            ExactText.areSame($0.admin?.listen.value.description, $1.admin?.listen.value.description)
        },
        SingleSetting("admin.pages", .atOnce) { $0.admin?.pages == $1.admin?.pages },
        SingleSetting("admin.password", .atOnce) { $0.admin?.password == $1.admin?.password },
        SingleSetting("admin.tls", .atOnce) { $0.admin?.tlsIdentity == $1.admin?.tlsIdentity },
        SingleSetting("admin.stuck_after", .atOnce) { $0.admin?.stuckAfter == $1.admin?.stuckAfter },
        SingleSetting("admin.insecure", .atOnce) { $0.admin?.insecure == $1.admin?.insecure },
    ]

    private static let others = [
        SingleSetting("outbox.event_id", .atOnce) { ExactText.areSame($0.outbox.eventID, $1.outbox.eventID) },
        SingleSetting("outbox.batch", .atOnce) { $0.outbox.batch == $1.outbox.batch },
        SingleSetting("outbox.acknowledge_timeout", .atOnce) {
            $0.outbox.acknowledgeTimeout == $1.outbox.acknowledgeTimeout
        },
        SingleSetting("outbox.attempts", .atOnce) { $0.outbox.attempts == $1.outbox.attempts },
        SingleSetting("dead_letter.keep", .atOnce) { $0.deadLetterKeep == $1.deadLetterKeep },
        SingleSetting("shutdown_timeout", .atOnce) { $0.shutdownTimeout == $1.shutdownTimeout },
        SingleSetting("log.level", .atOnce) { $0.log.level == $1.log.level },
        SingleSetting("log.format", .atOnce) { $0.log.format == $1.log.format },
        SingleSetting("log.slow", .atOnce) { $0.log.slow == $1.log.slow },
        SingleSetting("reload", .atOnce) { $0.reload == $1.reload },
    ]
}

extension AuthenticationSettings.Credentials {
    /// The name to log in with.
    private var authid: String? {
        switch self {
        case .anonymous(let authid), .cryptosign(let authid, _, _), .tls(let authid): authid
        case .ticket(let authid, _), .wampcra(let authid, _), .scram(let authid, _, _): authid
        }
    }

    fileprivate func isSame(as other: Self) -> Bool {
        self == other && ExactText.areSame(self.authid, other.authid)
    }
}

extension TestamentSettings {
    fileprivate func isSame(as other: Self) -> Bool {
        self.topic == other.topic
            && PayloadValue.list(self.arguments).isSame(as: .list(other.arguments))
            && PayloadValue.object(self.keywordArguments).isSame(as: .object(other.keywordArguments))
    }
}

extension PayloadValue {
    /// Whether two values are the same to the octet.
    fileprivate func isSame(as other: Self) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let one), .bool(let other)): one == other
        case (.number(let one), .number(let other)), (.string(let one), .string(let other)):
            ExactText.areSame(one, other)
        case (.list(let one), .list(let other)):
            one.count == other.count && zip(one, other).allSatisfy { $0.isSame(as: $1) }
        case (.object(let one), .object(let other)):
            one.count == other.count
                && zip(one, other).allSatisfy { ExactText.areSame($0.key, $1.key) && $0.value.isSame(as: $1.value) }
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.list, _), (.object, _): false
        }
    }
}

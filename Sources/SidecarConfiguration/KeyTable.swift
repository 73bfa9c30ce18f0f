/// The keys of a section of the file. This is the only place that defines the keys of this version: the reader, the
/// JSON Schema's test and the reference's test use it.
struct KeyTable: Sendable {
    /// The keys this version reads, in the order of the reference.
    let now: [String]

    /// The keys of the format that this version doesn't support yet: refused by name, never ignored.
    let later: [String]

    /// The top level.
    static let file = KeyTable(
        now: [
            "router", "database", "procedures", "subscriptions", "notifications", "caller", "outbox", "dead_letter",
            "admin", "shutdown_timeout", "reload", "log",
        ],
        later: ["expose", "describe"])

    /// `router`.
    static let router = KeyTable(
        now: [
            "url", "realm", "serializers", "auth", "tls",
            "headers", "proxy", "proxy_file",
            "ping", "call_timeout_unit", "testament", "insecure",
        ],
        later: [])

    /// `router.testament`.
    static let testament = KeyTable(now: ["topic", "args", "kwargs"], later: [])

    /// `router.auth`.
    static let authentication = KeyTable(
        now: [
            "method", "authid", "ticket", "ticket_file", "secret", "secret_file", "private_key", "private_key_file",
            "channel_binding",
        ],
        later: [])

    /// `router.tls`.
    static let routerTLS = KeyTable(
        now: [
            "ca_file", "certificate_file", "key_file", "key_password", "key_password_file", "server_name", "minimum",
            "verify",
        ],
        later: [])

    /// `database`.
    static let database = KeyTable(
        now: [
            "url", "password", "password_file", "connections", "pipeline", "queue", "queue_timeout",
            "on_database_loss", "schema", "grant_to", "register_to",
        ],
        later: [])

    /// An entry of `procedures`.
    static let procedure = KeyTable(
        now: [
            "function", "sql", "match", "invoke", "concurrency", "announce_concurrency", "force_reregister",
            "disclose_caller", "timeout", "role", "roles", "convention", "results", "max_rows", "max_result_bytes",
            "bigint", "errors", "retries",
        ],
        later: ["before"])

    /// An entry of `subscriptions`.
    static let subscription = KeyTable(
        now: ["function", "match", "retained", "concurrency", "timeout", "role", "retries", "convention"], later: [])

    /// An entry of `notifications`.
    static let notification = KeyTable(now: ["publish", "call", "result", "timeout", "options"], later: [])

    /// `options` of an entry of `notifications`.
    static let publishOptions = KeyTable(
        now: [
            "acknowledge", "exclude_me", "disclose_me", "retain", "exclude", "exclude_authid", "exclude_authrole",
            "eligible", "eligible_authid", "eligible_authrole",
        ],
        later: [])

    /// `caller`.
    static let caller = KeyTable(
        now: [
            "listen", "connect", "password", "password_file", "status_password", "status_password_file", "tls",
            "timeout",
            "sessions", "insecure", "allow_meta",
        ],
        later: [])

    /// `caller.tls`.
    static let callerTLS = KeyTable(now: ["certificate_file", "key_file"], later: [])

    /// `outbox`.
    static let outbox = KeyTable(now: ["event_id", "batch", "acknowledge_timeout", "attempts"], later: [])

    /// `dead_letter`.
    static let deadLetter = KeyTable(now: ["keep"], later: [])

    /// `admin`.
    static let admin = KeyTable(
        now: ["listen", "pages", "password", "password_file", "tls", "stuck_after", "insecure"], later: [])

    /// `admin.tls`.
    static let adminTLS = KeyTable(now: ["certificate_file", "key_file"], later: [])

    /// `log`.
    static let log = KeyTable(now: ["level", "format", "slow"], later: [])
}

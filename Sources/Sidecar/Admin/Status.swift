import NIOCore
import Names
import WAMP

/// How everything stands, at one moment: what `/status` shows.
struct Status {
    /// The session with the router.
    struct Router: Equatable {
        let url: String
        let realm: String
        let session: Int64
    }

    /// The call port.
    struct Port: Equatable {
        let isListening: Bool
        let sessions: Int
        let limit: Int
    }

    /// What waits in the database, and the dead letters there.
    struct Outbox: Equatable {
        let waiting: Int
        let oldest: Double
        let lettersOfPublications: Int
        let lettersOfEvents: Int
    }

    /// Which sidecar leads.
    enum Leader: Equatable {
        case unknown
        case here
        case other(String)
    }

    /// The form of the document: members are added, and never change their meaning.
    static let version: Int64 = 1

    var sidecar: String
    var uptime: TimeAmount
    var readiness: ReadinessAnswer
    var router: Router?
    /// Why there is no session, as far as is known.
    var routerObstacle: String?
    var isDatabaseAvailable: Bool
    var databaseObstacle: String?
    var isListening: Bool
    /// Whether the SQL interface is there and can be used.
    var isInstalled: Bool
    var leader: Leader
    var procedures: [RouteStanding]
    var subscriptions: [RouteStanding]
    /// For how long work has waited without any of it being done.
    var waiting: TimeAmount?
    /// How many topics wait because the router refuses an event of theirs; nil on a sidecar that does not lead.
    var heldTopics: Int?
    /// As the database said last; nil if it is not known.
    var outbox: Outbox?
    var port: Port?
    var loopDelay: TimeAmount
}

extension Status {
    /// The document.
    var value: Value {
        var fields = ReadyPage.fields(self.readiness)
        fields["version"] = .integer(Self.version)
        fields["sidecar"] = .dictionary([
            "version": .string(self.sidecar), "uptime_seconds": .integer(self.uptime.nanoseconds / 1_000_000_000),
        ])
        fields["router"] = .dictionary([
            "state": .string(self.router == nil ? "not joined" : "joined"),
            "url": Self.value(self.router?.url), "realm": Self.value(self.router?.realm),
            "session": self.router.map { .integer($0.session) } ?? .null,
            "reason": Self.value(self.routerObstacle),
        ])
        fields["database"] = .dictionary([
            "state": .string(self.isDatabaseAvailable ? "available" : "not available"),
            "listening": .bool(self.isListening), "interface": .bool(self.isInstalled),
            "reason": Self.value(self.databaseObstacle),
        ])
        fields["leadership"] = .dictionary([
            "role": .string(self.role), "holder": Self.value(self.holder),
        ])
        fields["procedures"] = .list(self.procedures.map { Self.value($0, uri: "uri") })
        fields["subscriptions"] = .list(self.subscriptions.map { Self.value($0, uri: "topic") })
        fields["outbox"] = .dictionary([
            "waiting_seconds": self.waiting.map(Self.seconds) ?? .null, "waiting": Self.value(self.outbox?.waiting),
            "oldest_seconds": self.outbox.map { .double($0.oldest) } ?? .null,
            "held_topics": Self.value(self.heldTopics),
        ])
        fields["dead_letters"] = .dictionary([
            "publish": Self.value(self.outbox?.lettersOfPublications),
            "event": Self.value(self.outbox?.lettersOfEvents),
        ])
        fields["call_port"] =
            self.port.map {
                .dictionary([
                    "listening": .bool($0.isListening), "sessions": .integer(Int64($0.sessions)),
                    "limit": .integer(Int64($0.limit)),
                ])
            } ?? .null
        fields["event_loop"] = .dictionary(["delay_seconds": Self.seconds(self.loopDelay)])
        return .dictionary(fields)
    }

    private var role: String {
        switch self.leader {
        case .unknown: "unknown"
        case .here: "leader"
        case .other: "standby"
        }
    }

    private var holder: String? {
        switch self.leader {
        case .unknown, .here: nil
        case .other(let holder): holder
        }
    }

    private static func value(_ number: Int?) -> Value { number.map { .integer(Int64($0)) } ?? .null }

    private static func value(_ text: String?) -> Value { text.map { .string($0) } ?? .null }

    private static func seconds(_ time: TimeAmount) -> Value { .double(Double(time.nanoseconds) / 1_000_000_000) }

    private static func value(_ route: RouteStanding, uri: String) -> Value {
        .dictionary([
            uri: .string(route.uri), "target": .string(route.target), "place": .string(route.place),
            "state": .string(route.state.rawValue), "reason": self.value(route.reason),
        ])
    }
}

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

    /// The connections that run functions, of one part.
    struct Connections: Equatable {
        let open: Int
        let busy: Int
        let limit: Int
    }

    /// What waits for a connection.
    struct Queue: Equatable {
        let waiting: Int
        let limit: Int
    }

    /// What waits in the database, and the dead letters there.
    struct Outbox: Equatable {
        let waiting: Int
        let oldest: Double
        let lettersOfPublications: Int
        let lettersOfEvents: Int
        let oldestLetter: Double
    }

    /// A procedure or a subscription, and what is counted of it, if that is counted apart.
    struct Route<Figures: Equatable>: Equatable {
        let standing: RouteStanding
        var figures: Figures?
    }

    /// Which sidecar leads.
    enum Leader: Equatable {
        case unknown
        case here
        case other(String)
    }

    /// The form of the document: members are added, and never change their meaning.
    static let version: Int64 = 1
    /// The most procedures that the document has, and the most subscriptions: those that do not work go first.
    static let mostRoutes = 1_000

    var sidecar: String
    var uptime: TimeAmount
    var readiness: ReadinessAnswer
    var router: Router?
    /// Why there is no session, as far as is known.
    var routerObstacle: String?
    /// For how long there has been a session, or none.
    var routerTime: TimeAmount
    var isDatabaseAvailable: Bool
    var databaseObstacle: String?
    /// For how long it has been available, or not.
    var databaseTime: TimeAmount
    var isListening: Bool
    /// The sidecar's own.
    var connections: Connections
    /// Those of the guest, which runs what low roles registered.
    var guestConnections: Connections
    var queue: Queue
    /// Whether the SQL interface is there and can be used.
    var isInstalled: Bool
    var leader: Leader
    /// For how long it has.
    var leaderTime: TimeAmount
    var procedures: [Route<ProcedureFigures>]
    var subscriptions: [Route<SubscriptionFigures>]
    /// For how long work has waited without any of it being done.
    var waiting: TimeAmount?
    /// How many topics wait because the router refuses an event of theirs; nil on a sidecar that does not lead.
    var heldTopics: Int?
    /// As the database said last; nil if it is not known.
    var outbox: Outbox?
    var port: Port?
    var loopDelay: TimeAmount
    /// Calls a second in each interval of the last minutes, the oldest first.
    var callRates: [Double] = []
    /// The same of events.
    var eventRates: [Double] = []
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
            "reason": Self.value(self.routerObstacle), "for_seconds": Self.seconds(self.routerTime),
        ])
        fields["database"] = .dictionary([
            "state": .string(self.isDatabaseAvailable ? "available" : "not available"),
            "listening": .bool(self.isListening), "interface": .bool(self.isInstalled),
            "reason": Self.value(self.databaseObstacle), "for_seconds": Self.seconds(self.databaseTime),
            "connections": .dictionary([
                "calls": self.connections.value, "guests": self.guestConnections.value,
            ]),
            "queue": .dictionary(["waiting": .count(self.queue.waiting), "limit": .count(self.queue.limit)]),
        ])
        fields["leadership"] = .dictionary([
            "role": .string(self.role), "holder": Self.value(self.holder),
            "for_seconds": Self.seconds(self.leaderTime),
        ])
        let (procedures, subscriptions) = (Self.shown(self.procedures), Self.shown(self.subscriptions))
        fields["procedures"] = .list(procedures.map { .dictionary($0.members) })
        fields["other_procedures"] = .integer(Int64(self.procedures.count - procedures.count))
        fields["subscriptions"] = .list(subscriptions.map { .dictionary($0.members) })
        fields["other_subscriptions"] = .integer(Int64(self.subscriptions.count - subscriptions.count))
        fields["outbox"] = .dictionary([
            "waiting_seconds": self.waiting.map(Self.seconds) ?? .null, "waiting": Self.value(self.outbox?.waiting),
            "oldest_seconds": self.outbox.map { .double($0.oldest) } ?? .null,
            "held_topics": Self.value(self.heldTopics),
        ])
        fields["dead_letters"] = .dictionary([
            "publish": Self.value(self.outbox?.lettersOfPublications),
            "event": Self.value(self.outbox?.lettersOfEvents),
            "oldest_seconds": self.outbox.map { .double($0.oldestLetter) } ?? .null,
        ])
        fields["call_port"] =
            self.port.map {
                .dictionary([
                    "listening": .bool($0.isListening), "sessions": .integer(Int64($0.sessions)),
                    "limit": .integer(Int64($0.limit)),
                ])
            } ?? .null
        fields["event_loop"] = .dictionary(["delay_seconds": Self.seconds(self.loopDelay)])
        fields["load"] = .dictionary([
            "interval_seconds": .integer(LoadTrend.interval.nanoseconds / 1_000_000_000),
            "calls_per_second": .list(self.callRates.map { .rounded($0, to: 1_000) }),
            "events_per_second": .list(self.eventRates.map { .rounded($0, to: 1_000) }),
        ])
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

    /// What does not work, then the others, as far as there is room.
    private static func shown<Figures>(_ routes: [Route<Figures>]) -> [Route<Figures>] {
        guard routes.count > Self.mostRoutes else { return routes }
        let faulty = routes.filter { $0.standing.state == .faulty }
        return Array((faulty + routes.filter { $0.standing.state != .faulty }).prefix(Self.mostRoutes))
    }
}

extension Status.Connections {
    fileprivate var value: Value {
        .dictionary(["open": .count(self.open), "busy": .count(self.busy), "limit": .count(self.limit)])
    }
}

import CallPort
import NIOCore
import Outbox
import Postgres
import WAMP
import WAMPClient

/// Takes the status of a running sidecar: what its parts know by now, without a question to anybody. On the event loop.
final class StatusSource: Part {
    private let situation: CurrentSituation
    private let readiness: Readiness
    private let callee: Callee
    private let subscriptions: Subscriptions
    private let publisher: Publisher
    private let pools: Pools
    private let calls: CallsFromSQL
    private let pulse: Pulse
    private let version: String
    private let eventLoop: any EventLoop
    private let metrics: Metrics
    private let start: NIODeadline
    private var times: SituationTimes

    init(
        version: String, situation: CurrentSituation, readiness: Readiness, callee: Callee,
        subscriptions: Subscriptions, publisher: Publisher, pools: Pools, calls: CallsFromSQL, pulse: Pulse,
        metrics: Metrics, eventLoop: any EventLoop
    ) {
        self.version = version
        self.situation = situation
        self.readiness = readiness
        self.callee = callee
        self.subscriptions = subscriptions
        self.publisher = publisher
        self.pools = pools
        self.calls = calls
        self.pulse = pulse
        self.eventLoop = eventLoop
        self.metrics = metrics
        self.start = eventLoop.now
        self.times = SituationTimes(at: self.start)
    }

    func follow(_ situation: Situation, from former: Situation) {
        self.times.follow(situation, from: former, at: self.eventLoop.now)
    }

    var status: Status {
        let (now, situation) = (self.eventLoop.now, self.situation.now)
        return Status(
            sidecar: self.version, uptime: now - self.start, readiness: self.readiness.answer,
            router: situation.session.map {
                Status.Router(url: "\($0.url)", realm: $0.realm, session: $0.id.rawValue)
            },
            routerObstacle: situation.routerObstacle?.text(at: now), routerTime: now - self.times.router,
            isDatabaseAvailable: situation.isDatabaseAvailable,
            databaseObstacle: situation.databaseObstacle?.text(at: now), databaseTime: now - self.times.database,
            isListening: situation.isListening, connections: Status.Connections(self.pools.own),
            guestConnections: Status.Connections(self.pools.guests.pool), queue: Status.Queue(self.pools.own),
            isInstalled: situation.isInstalled,
            leader: Status.Leader(situation.leadership), leaderTime: now - self.times.leadership,
            procedures: self.callee.standings.map { Status.Route(standing: $0.route, figures: $0.figures) },
            subscriptions: self.subscriptions.standings(at: now).map {
                Status.Route(standing: $0.route, figures: $0.figures)
            },
            waiting: self.publisher.waitingSince.map { now - $0 }, heldTopics: self.publisher.heldTopics,
            outbox: self.publisher.figures.map(Status.Outbox.init),
            port: self.calls.port.map {
                Status.Port(
                    isListening: situation.isPortListening ?? false, sessions: $0.sessions, limit: $0.mostSessions)
            },
            loopDelay: self.pulse.delay, callRates: self.metrics.load.calls.rates,
            eventRates: self.metrics.load.events.rates)
    }
}

extension Status.Connections {
    fileprivate init(_ pool: Pool) {
        self.init(open: pool.openConnections, busy: pool.busyConnections, limit: pool.limits.connections)
    }
}

extension Status.Queue {
    fileprivate init(_ pool: Pool) {
        self.init(waiting: pool.waitingCount, limit: pool.limits.queue)
    }
}

extension Status.Outbox {
    fileprivate init(_ figures: OutboxFigures) {
        self.init(
            waiting: figures.waiting, oldest: figures.oldest, lettersOfPublications: figures.lettersOfPublications,
            lettersOfEvents: figures.lettersOfEvents, oldestLetter: figures.oldestLetter)
    }
}

extension Status.Leader {
    fileprivate init(_ role: Leadership.Role) {
        switch role {
        case .unknown: self = .unknown
        case .leader: self = .here
        case .standby(let holder): self = .other("\(holder)")
        }
    }
}

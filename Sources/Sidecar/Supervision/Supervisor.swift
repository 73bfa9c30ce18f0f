import Functions
import NIOCore
import Outbox
import Postgres
import SQLInterface
import SidecarConfiguration
import WAMP
import WAMPClient

/// The list of the sidecar's parts, and the only place that changes the situation. On the event loop.
final class Supervisor: RouterDelegate {
    /// The default deadline of connections: that of mappings without one.
    private static let sessionTimeout = TimeAmount.seconds(30)

    private let configuration: Configuration
    private let journal: Journal
    private let metrics: Metrics
    private let situation: CurrentSituation
    private let readiness: Readiness
    private let control: Control
    private let pools: Pools
    private let channels: Channels
    private let passage: Passage
    private let callee: Callee
    private let subscriptions: Subscriptions
    private let calls: CallsFromSQL
    private let leadership: Leadership
    private let admin: AdminPort?
    private let succession: Succession
    /// Nil if nothing that started the process waits for reports.
    private let serviceManager: ServiceManager?
    private let eventLoop: any EventLoop
    private let parts: [any Part]
    private let routerConfiguration: RouterConfiguration
    private lazy var router = Router(
        configuration: self.routerConfiguration, eventLoop: self.eventLoop, delegate: self)
    private lazy var shutdown = Shutdown(
        self.parts, patience: TimeAmount(self.configuration.shutdownTimeout), eventLoop: self.eventLoop
    ) { [router = self.router] completion in
        router.stop(reason: CloseReason.systemShutdown, completion: completion)
    }

    /// - Parameter serviceManager: what started the process, if it waits for reports.
    init(
        configuration: Configuration, version: String, serviceManager: ServiceManagerSettings?,
        eventLoop: any EventLoop, journal: Journal
    ) throws {
        let environment = try DatabaseEnvironment(
            configuration.database, eventLoop: eventLoop, sessionTimeout: Self.sessionTimeout)
        let keys = try SchemaKeys(schema: configuration.database.schema)
        let schema = SQLText.identifier(configuration.database.schema)
        let situation = CurrentSituation()
        let metrics = Metrics(version: version)
        let record: (Observation) -> Void = { observation in
            journal.record(observation)
            metrics.record(observation)
        }
        let readiness = Readiness(
            situation: situation, eventLoop: eventLoop, hasChannels: !configuration.notifications.isEmpty,
            hasPort: configuration.caller != nil
        ) { record(Observation($0, of: configuration)) }
        let observer = record
        let changed: () -> Void = { [weak readiness] in readiness?.changed() }
        let outbox: (OutboxEvent) -> Void = { record(.outbox($0)) }
        let database: (DatabaseEvent) -> Void = { [weak situation] event in
            record(.database(event))
            situation?.change { $0.take(event) }
        }

        let control = Control(environment: environment, observer: database)
        let pool = Pool(
            environment: environment, limits: PoolLimits(configuration.database), control: control, observer: database)
        let guests = Guests(
            configuration.database, environment: environment, control: control, observer: observer, changed: changed)
        let pools = Pools(own: pool, guests: guests)
        let settings = CallSettings(pool.cleanSession)
        let budget = RouterBudget()

        let publisher = Publisher(
            relay: OutboxRelay(
                schema: schema, wakeLock: keys.wakeLock, channel: keys.channel,
                settings: RelaySettings(configuration.outbox), eventLoop: eventLoop, observer: outbox,
                changed: changed),
            expiry: DeadLetterExpiry(
                schema: schema, keep: TimeAmount(configuration.deadLetterKeep), control: control, eventLoop: eventLoop,
                observer: outbox))
        let passage = Passage(
            eventLoop: eventLoop, isEventSuspect: { publisher.isSuspectUnderWay },
            observer: { observer(.originRefused($0)) }, changed: changed)
        let callee = Callee(
            configuration: configuration, pool: pool, control: control, eventLoop: eventLoop,
            settings: settings, budget: budget, passage: passage, slots: metrics.procedures, observer: observer,
            changed: changed)
        let subscriptions = Subscriptions(
            configuration: configuration, pool: pool, control: control, eventLoop: eventLoop, settings: settings,
            budget: budget, slots: metrics.subscriptions, observer: observer, changed: changed)
        let mappings = Mappings(callee: callee, subscriptions: subscriptions)
        FileMappings.add(configuration, to: mappings)
        let sqlMappings = SQLMappings(
            schema: schema, control: control, eventLoop: eventLoop, mappings: mappings,
            definitions: [callee.definitions, subscriptions.definitions], guests: guests, observer: observer,
            changed: changed)
        let notifications = NotificationRelay(
            configuration: configuration, pool: pool, definitions: callee.definitions, settings: settings,
            budget: budget, passage: passage, slots: metrics.channels, observer: observer)
        let channels = Channels(
            environment: environment, mappingChannel: keys.mappingChannel, notifications: notifications,
            sqlMappings: sqlMappings, subscriptions: subscriptions, observer: database)

        let look = InterfaceLook(configuration.database)
        let succession = Succession(
            situation: situation, eventLoop: eventLoop, look: look, database: database, observer: observer,
            dropWhatWaits: { (subscriptions.dropWhatWaits(), notifications.dropWhatWaits()) },
            notified: { publisher.notified(channel: $0) })
        let leadership = Leadership(
            environment: environment, schema: schema, lock: keys.leaderLock, eventLoop: eventLoop,
            preparation: { try look.run(on: $0) }, observer: outbox, owner: succession)
        succession.leadership = leadership
        let interface = InterfaceWatch(
            schema: configuration.database.schema, control: control, eventLoop: eventLoop,
            faults: { $0.faults(of: configuration) },
            hasChanged: { [weak leadership] in leadership?.beginAgain("the SQL interface has changed") })
        let calls = try CallsFromSQL(
            configuration, version: version, schema: schema, eventLoop: eventLoop, pools: pools, situation: situation,
            observer: observer, changed: changed,
            giveWay: { [weak leadership] in leadership?.giveWay(for: PortYield.pause) })
        readiness.isPortAnswered = { [announcement = calls.announcement] in announcement.isAnswered }

        let testament = configuration.router.testament.map {
            Testament($0, place: configuration.place($0.location), observer: observer, changed: changed)
        }
        let baseline = SessionBaseline(
            control: control, settings: settings, pools: pools, timeout: Self.sessionTimeout)
        let admin = configuration.admin.map {
            AdminPort(
                $0, site: AdminSite($0, readiness: readiness, metrics: metrics), eventLoop: eventLoop,
                observer: { observer(.adminPort($0)) }, changed: changed)
        }
        // Each follows all parts that it builds on.
        let parts: [any Part] =
            (testament.map { [$0] } ?? []) + [
                interface, baseline, passage, callee, notifications, subscriptions, sqlMappings, channels, calls,
                publisher, succession, leadership, pools,
            ] + (admin.map { [$0] } ?? [])
        metrics.parts = [
            callee, subscriptions, notifications, pools, publisher, calls, ReadinessMetrics(readiness: readiness),
        ]
        let manager = serviceManager.flatMap {
            ServiceManager($0, eventLoop: eventLoop) { observer(.serviceManagerUnavailable(reason: $0)) }
        }
        if let manager { readiness.lineTaker = { [weak manager] in manager?.changed(status: $0) } }
        situation.follow(parts + [readiness] + (manager.map { [$0] } ?? []))
        readiness.parts = parts

        self.routerConfiguration = RouterConfiguration(configuration.router, version: version)
        self.serviceManager = manager
        self.parts = parts
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.journal = journal
        self.metrics = metrics
        self.situation = situation
        self.readiness = readiness
        self.control = control
        self.pools = pools
        self.channels = channels
        self.passage = passage
        self.callee = callee
        self.subscriptions = subscriptions
        self.calls = calls
        self.leadership = leadership
        self.admin = admin
        self.succession = succession
    }

    /// The parts know the situation, and the situation knows them.
    deinit {
        self.situation.follow([])
    }

    /// Starts both sides at once; neither waits for the other.
    func start() {
        self.metrics.parts.append(
            SituationMetrics(
                situation: self.situation, control: self.control, leadership: self.leadership, pools: self.pools,
                router: self.router))
        self.admin?.start()
        if let tls = self.configuration.router.tls, tls.verify == .none {
            self.journal.record(
                .routerNotVerified(place: self.configuration.place(self.configuration.router.location)))
        }
        self.serviceManager?.start()
        self.control.start()
        self.pools.own.start()
        self.channels.start()
        self.leadership.start()
        self.calls.start()
        self.router.start()
    }

    /// Accepts no more calls, finishes the running ones, says goodbye. `completion` is called once, in time.
    func stop(signal: String, completion: @escaping () -> Void) {
        self.journal.record(.stopping(signal: signal))
        self.situation.change { $0.isStopping = true }
        self.shutdown.begin { outcome in
            self.control.stop()
            self.journal.record(.stopped(outcome))
            completion()
        }
    }

    /// SIGHUP came.
    func reload() {
        self.journal.record(.reloadUnsupported)
    }

    // MARK: - The router

    func joined(_ session: Session) {
        self.situation.change {
            $0.router = .joined(session)
            $0.isRouterReading = session.isWritable
        }
    }

    func left(_ session: Session, reason: SessionEnd) {
        self.situation.change {
            $0.router = .left(session.url, reason)
            $0.isRouterReading = true
        }
    }

    func received(_ invocation: Invocation, in session: Session) {
        self.callee.received(invocation, in: session)
    }

    func received(_ interrupt: Interrupt, in session: Session) {
        self.callee.received(interrupt)
    }

    func received(_ event: Event, in session: Session) {
        self.subscriptions.received(event)
    }

    func revoked(_ registration: RegistrationID, reason: String?, in session: Session) {
        self.callee.revoked(registration, reason: reason)
    }

    func revoked(_ subscription: SubscriptionID, reason: String?, in session: Session) {
        self.subscriptions.revoked(subscription, reason: reason)
    }

    func writabilityChanged(_ isWritable: Bool, in session: Session) {
        self.situation.change { $0.isRouterReading = isWritable }
    }

    func observed(_ event: RouterEvent) {
        if case .connecting(let url) = event { self.passage.connecting(to: url) }
        self.journal.record(.router(event))
        self.metrics.record(.router(event))
    }
}

extension Situation {
    /// The reports of the database's side change the facts.
    fileprivate mutating func take(_ event: DatabaseEvent) {
        switch event {
        case .callsAvailable:
            self.isDatabaseAvailable = true
        case .callsUnavailable:
            self.isDatabaseAvailable = false
        case .listening:
            self.isListening = true
            self.listenings += 1
        case .lost(.listener, _):
            self.isListening = false
        case .connected(.control, _, _):
            self.lookupSessions += 1
        case .connected, .lost, .connectFailed:
            break
        }
    }
}

extension Observation {
    /// The report about readiness, with the numbers of the file's mappings.
    fileprivate init(_ report: ReadinessStateMachine.Report, of configuration: Configuration) {
        switch report {
        case .ready:
            self = .ready(
                procedures: configuration.procedures.count, subscriptions: configuration.subscriptions.count,
                channels: configuration.notifications.count)
        case .readyWithFaults(let faults, let news): self = .readyWithFaults(faults, news: news)
        case .notReady(let needs): self = .notReady(needs)
        }
    }
}

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

    private let configuration: CurrentConfiguration
    private let renew: (Configuration) throws -> Void
    private let isInForce: (Configuration) -> Void
    private let journal: Journal
    private let metrics: Metrics
    private let measured: [any Measured]
    private let situation: CurrentSituation
    private let readiness: Readiness
    private let control: Control
    private let pools: Pools
    private let channels: Channels
    private let passage: Passage
    private let callee: Callee
    private let subscriptions: Subscriptions
    private let notifications: NotificationRelay
    private let publisher: Publisher
    private let letters: DeadLetterWatch
    private let fileMappings: FileMappings
    private let reload: Reload
    private let certificates: Certificates
    private let calls: CallsFromSQL
    private let look: InterfaceLook
    private let leadership: Leadership
    private let admin: AdminPort?
    private let pulse: Pulse?
    private let succession: Succession
    private let eventLoop: any EventLoop
    private let parts: [any Part]
    private let routerConfiguration: RouterConfiguration
    private lazy var router = Router(
        configuration: self.routerConfiguration, eventLoop: self.eventLoop, delegate: self)
    private lazy var shutdown = Shutdown(
        self.parts, patience: TimeAmount(self.configuration.now.shutdownTimeout), eventLoop: self.eventLoop
    ) { [router = self.router] completion in
        router.stop(reason: CloseReason.systemShutdown, completion: completion)
    }

    /// - Parameters:
    ///   - metrics: the process's.
    ///   - watcher: the process's.
    ///   - source: reads the configuration again.
    ///   - renew: called when a configuration needs another supervisor; throws if that one can't be made.
    ///   - isInForce: called with the configuration at the start, and with each that takes its place.
    ///   - summary: called with a line that says whether all works, whenever it is computed.
    init(
        configuration: Configuration, version: String, eventLoop: any EventLoop, journal: Journal, metrics: Metrics,
        watcher: Watcher, source: @escaping Reload.Source, renew: @escaping (Configuration) throws -> Void,
        isInForce: @escaping (Configuration) -> Void, summary: @escaping (String) -> Void
    ) throws {
        let environment = try DatabaseEnvironment(
            configuration.database, eventLoop: eventLoop, sessionTimeout: Self.sessionTimeout, watcher: watcher)
        let current = CurrentConfiguration(configuration)
        let keys = try SchemaKeys(schema: configuration.database.schema)
        let schema = SQLText.identifier(configuration.database.schema)
        let situation = CurrentSituation()
        let record: (Observation) -> Void = { observation in
            journal.record(observation)
            metrics.record(observation)
        }
        var hasStarted = false
        let readiness = Readiness(
            situation: situation, eventLoop: eventLoop, hasChannels: !configuration.notifications.isEmpty,
            hasPort: configuration.caller != nil
        ) { report in
            record(Observation(report, of: current.now))
            guard report.isReady, !hasStarted else { return }
            hasStarted = true
            ProcessMemory.giveBackCode()
        }
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
        let mandate = Mandate()

        let publisher = Publisher(
            relay: OutboxRelay(
                schema: schema, wakeLock: keys.wakeLock, channel: keys.channel,
                settings: RelaySettings(configuration.outbox), eventLoop: eventLoop, observer: outbox,
                changed: changed),
            watch: FiguresWatch(schema: schema, eventLoop: eventLoop, observer: outbox),
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
            budget: budget, mandate: mandate, slots: metrics.subscriptions, observer: observer, changed: changed)
        let mappings = Mappings(callee: callee, subscriptions: subscriptions)
        let fileMappings = FileMappings(configuration, to: mappings)
        let sqlMappings = SQLMappings(
            schema: schema, control: control, eventLoop: eventLoop, mappings: mappings,
            definitions: [callee.definitions, subscriptions.definitions], guests: guests, observer: observer,
            changed: changed)
        let notifications = NotificationRelay(
            configuration: configuration, pool: pool, definitions: callee.definitions, settings: settings,
            budget: budget, passage: passage, mandate: mandate, slots: metrics.channels, observer: observer)
        let channels = Channels(
            environment: environment, mappingChannel: keys.mappingChannel, notifications: notifications,
            sqlMappings: sqlMappings, subscriptions: subscriptions, observer: database)

        let look = InterfaceLook(configuration.database)
        let succession = Succession(
            situation: situation, mandate: mandate, eventLoop: eventLoop, look: look, database: database,
            observer: observer,
            dropWhatWaits: { (subscriptions.dropWhatWaits(), notifications.dropWhatWaits()) },
            notified: { publisher.notified(channel: $0) })
        let leadership = Leadership(
            environment: environment, schema: schema, lock: keys.leaderLock, eventLoop: eventLoop,
            preparation: { try look.run(on: $0) }, observer: outbox, owner: succession)
        succession.leadership = leadership
        let interface = InterfaceWatch(
            schema: configuration.database.schema, control: control, eventLoop: eventLoop,
            faults: { $0.faults(of: current.now) },
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
        let reload = Reload(
            configuration, source: source, eventLoop: eventLoop, observer: observer, changed: changed)
        let letters = DeadLetterWatch(metrics: metrics, eventLoop: eventLoop, changed: changed)
        let certificates = Certificates(configuration, eventLoop: eventLoop, changed: changed)
        let admin = try configuration.admin.map { settings in
            let pulse = try Pulse(watcher: watcher, eventLoop: eventLoop) {
                metrics.beat(at: eventLoop.now)
                changed()
            }
            let status = StatusSource(
                version: version, situation: situation, readiness: readiness, callee: callee,
                subscriptions: subscriptions, publisher: publisher, pools: pools, calls: calls, pulse: pulse,
                metrics: metrics, eventLoop: eventLoop)
            let port = AdminPort(
                settings, eventLoop: eventLoop, observer: { observer(.adminPort($0)) }, changed: changed
            ) {
                AdminSite($0, readiness: readiness, pulse: pulse, status: status, metrics: metrics)
            }
            readiness.patience = TimeAmount(settings.stuckAfter)
            readiness.isLate = { [weak pulse] in pulse?.isLate ?? false }
            return (port: port, pulse: pulse, status: status)
        }
        // Each follows all parts that it builds on.
        let parts: [any Part] =
            (testament.map { [$0] } ?? []) + [
                interface, baseline, passage, callee, notifications, subscriptions, sqlMappings, channels, calls,
                publisher, succession, leadership, pools, ConnectionShortage(of: pools), reload, certificates, letters,
            ] + (admin.map { [$0.port] } ?? [])
        situation.follow(parts + (admin.map { [$0.status] } ?? []) + [readiness])
        readiness.lineTaker = summary
        readiness.parts = parts

        self.routerConfiguration = RouterConfiguration(configuration.router, version: version)
        self.parts = parts
        self.eventLoop = eventLoop
        self.configuration = current
        self.renew = renew
        self.isInForce = isInForce
        self.journal = journal
        self.metrics = metrics
        self.measured = [
            callee, subscriptions, notifications, pools, publisher, calls, ReadinessMetrics(readiness: readiness),
        ]
        self.situation = situation
        self.readiness = readiness
        self.control = control
        self.pools = pools
        self.channels = channels
        self.passage = passage
        self.callee = callee
        self.subscriptions = subscriptions
        self.calls = calls
        self.look = look
        self.leadership = leadership
        self.admin = admin?.port
        self.pulse = admin?.pulse
        self.succession = succession
        self.notifications = notifications
        self.publisher = publisher
        self.letters = letters
        self.fileMappings = fileMappings
        self.reload = reload
        self.certificates = certificates
        reload.use = { [weak self] in self?.use($0) ?? [] }
    }

    /// The parts know the situation, and the situation knows them.
    deinit {
        self.situation.follow([])
    }

    /// Starts both sides at once; neither waits for the other.
    func start() {
        let situation = SituationMetrics(
            situation: self.situation, control: self.control, leadership: self.leadership, pools: self.pools,
            router: self.router, pulse: self.pulse)
        self.metrics.parts = self.measured + [situation]
        self.admin?.start()
        self.pulse?.start()
        let configuration = self.configuration.now
        if let tls = configuration.router.tls, tls.verify == .none {
            self.journal.record(.routerNotVerified(place: configuration.place(configuration.router.location)))
        }
        self.isInForce(configuration)
        self.reload.start()
        self.letters.start()
        self.certificates.start()
        self.control.start()
        self.pools.own.start()
        self.channels.start()
        self.leadership.start()
        self.calls.start()
        self.router.start()
    }

    /// Accepts no more calls, finishes the running ones, says goodbye. `completion` is called once, in time.
    func stop(because ending: Situation.Ending, completion: @escaping (ShutdownStateMachine.Outcome) -> Void) {
        self.stops(because: ending)
        self.shutdown.begin { [control = self.control, pulse = self.pulse] outcome in
            control.stop()
            pulse?.stop()
            completion(outcome)
        }
    }

    /// It ends for this reason, or for another one than it began to end for.
    func stops(because ending: Situation.Ending) {
        self.situation.change { $0.ending = ending }
    }

    // MARK: - The configuration

    /// SIGHUP came.
    func askForReload() {
        self.reload.askFor()
    }

    /// The file was read again. Returns why it can't be used; nothing if it is.
    private func use(_ configuration: Configuration) -> [Fault] {
        let change = ConfigurationChange(from: self.configuration.now, to: configuration)
        guard change.refused.isEmpty else { return change.refused }
        guard change.newSessions.isEmpty else {
            do {
                try self.renew(configuration)
            } catch {
                return [Self.fault(configuration, error)]
            }
            self.record(.reloaded(change))
            return []
        }
        do {
            try self.calls.take(configuration)
        } catch {
            return [Self.fault(configuration, error)]
        }
        self.configuration.now = configuration
        self.take(configuration, change)
        self.record(.reloaded(change))
        return []
    }

    private static func fault(_ configuration: Configuration, _ error: any Error) -> Fault {
        Fault(
            file: configuration.path, location: nil, problem: "it can't be used: \(error)",
            remedy: "see to that, or set it back")
    }

    /// What needs no new session.
    private func take(_ configuration: Configuration, _ change: ConfigurationChange) {
        self.isInForce(configuration)
        self.callee.queueTimeout = TimeAmount(configuration.database.queueTimeout)
        self.callee.onDatabaseLoss = configuration.database.onDatabaseLoss
        self.callee.tracing = CallTracing(configuration.log)
        self.pools.change(configuration.database)
        self.publisher.change(
            RelaySettings(configuration.outbox), keepsDeadLettersFor: TimeAmount(configuration.deadLetterKeep))
        if change.isOfRights {
            self.look.change(configuration.database)
            self.leadership.beginAgain("who may use the SQL interface has changed in the file")
        }
        self.fileMappings.take(configuration, change)
        self.notifications.take(configuration, change.notifications)
        self.channels.take(change.notifications)
        self.certificates.take(configuration)
        self.readiness.hasChannels = !configuration.notifications.isEmpty
        if let settings = configuration.admin {
            self.admin?.take(settings)
            self.readiness.patience = TimeAmount(settings.stuckAfter)
        }
    }

    // MARK: - The router

    func joined(_ session: Session) {
        self.situation.change {
            $0.router = .joined(session)
            $0.routerObstacle = nil
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
        if let obstacle = Obstacle(event, at: self.eventLoop.now) {
            self.situation.change { $0.routerObstacle = obstacle }
        }
        self.record(.router(event))
    }

    private func record(_ observation: Observation) {
        self.journal.record(observation)
        self.metrics.record(observation)
    }
}

extension Obstacle {
    /// What the router's side reports of why there is no session; nil if it is about something else.
    fileprivate init?(_ event: RouterEvent, at now: NIODeadline) {
        switch event {
        case .connectFailed(_, let fault, let wait), .credentialsRefused(_, let fault, let wait),
            .distrusted(_, let fault, let wait):
            self.init(reason: fault.message, nextTry: now + wait)
        case .left(_, _, let fault, let wait?):
            self.init(reason: fault.message, nextTry: now + wait)
        case .left, .connecting, .serializerRefused, .joined, .featureMissing, .dropped, .askedAgain,
            .writabilityChanged, .stopped:
            return nil
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

import NIOCore
import Postgres
import SidecarConfiguration
import WAMP
import WAMPClient

/// Holds the two worlds together: starts both sides, lets each reconnect by itself, and stops them in order. On the event loop.
final class Supervisor: RouterDelegate {
    /// The deadline that connections have by themselves: that of mappings that name none.
    private static let sessionTimeout = TimeAmount.seconds(30)
    /// How many descriptors are left to all but callers and calls: for the router, the database, files, and what libraries have open.
    private static let descriptors = 64
    /// How long the router may take to answer GOODBYE when the process is told to stop.
    private static let goodbyePatience = TimeAmount.milliseconds(1500)
    /// How long the router may take to acknowledge events that are under way then.
    private static let handOverPatience = TimeAmount.seconds(2)

    let configuration: Configuration
    let eventLoop: any EventLoop
    let journal: Journal
    let control: Control
    private let pool: Pool
    let guests: Guests
    let listener: Listener
    let callee: Callee
    private let passage: Passage
    let subscriptions: Subscriptions
    let registrations: Registrations
    private let settings: CallSettings
    let notifications: NotificationRelay
    private let routerConfiguration: RouterConfiguration
    private lazy var router = Router(
        configuration: self.routerConfiguration, eventLoop: self.eventLoop, delegate: self)
    let environment: DatabaseEnvironment
    let keys: SchemaKeys
    private(set) lazy var leadership = Leadership(
        environment: self.environment, keys: self.keys, eventLoop: self.eventLoop,
        look: Self.look(self.configuration.database), owner: self)
    let outbox: OutboxRelay
    let deadLetters: DeadLetterExpiry
    /// Nil where the file names none.
    let testament: Testament?
    /// Nil where the file opens no port.
    let caller: CallerPort?
    let announcement: PortAnnouncement
    private(set) lazy var portYield = PortYield(eventLoop: self.eventLoop) { [unowned self] in
        self.observe(.leadershipLeft(reason: "the port for calls from SQL can't be listened at"))
        self.leadership.giveWay(for: PortYield.pause)
    }
    /// What the last look at the SQL interface found.
    var interface: SchemaState?
    /// What nothing is sent for, for a while.
    var heldOrigins = Complaints<Origin.Name>()
    /// What the file wants of the SQL interface and it does not do.
    var interfaceComplaints: [Complaint] = []
    var nextLook: Scheduled<Void>?
    /// While it is not known who leads: when others are left to it.
    var handOver: Scheduled<Void>?
    var readiness: ReadinessStateMachine
    /// Readiness is to be worked out at the end of this turn.
    var isChangeNoted = false
    /// Before that, other faults than were told are not told.
    var nextFaults = NIODeadline.now()
    var faultsTimer: Scheduled<Void>?
    /// What the parts tell before they can know the supervisor.
    private let relay: ObservationRelay

    init(configuration: Configuration, version: String, eventLoop: any EventLoop, journal: Journal) throws {
        let database = try DatabaseEnvironment(
            configuration.database, eventLoop: eventLoop, sessionTimeout: Self.sessionTimeout)
        let relay = ObservationRelay()
        let limits = PoolLimits(configuration.database)
        let keys = try SchemaKeys(schema: configuration.database.schema)
        self.environment = database
        self.keys = keys
        self.outbox = OutboxRelay(
            schema: SQLText.identifier(configuration.database.schema), wakeLock: keys.wakeLock, channel: keys.channel,
            settings: configuration.outbox, eventLoop: eventLoop, observer: relay.observed, changed: relay.changed)
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.journal = journal
        self.relay = relay
        self.routerConfiguration = RouterConfiguration(configuration.router, version: version)
        self.testament = configuration.router.testament.map {
            Testament(
                $0, place: configuration.place($0.location), observer: relay.observed, changed: relay.changed)
        }
        self.control = Control(environment: database) { relay.observed(.database($0)) }
        self.pool = Pool(environment: database, limits: limits, control: self.control) { relay.observed(.database($0)) }
        let guests = Guests(
            configuration.database, environment: database, control: self.control, observer: relay.observed,
            changed: relay.changed)
        self.guests = guests
        self.deadLetters = DeadLetterExpiry(
            schema: SQLText.identifier(configuration.database.schema),
            keep: TimeAmount(configuration.deadLetterKeep), control: self.control, eventLoop: eventLoop,
            observer: relay.observed)
        var announced: PortAnnouncement.Port?
        if let settings = configuration.caller {
            let spared =
                Self.descriptors + 2 * configuration.database.connections + Guests.descriptors(configuration.database)
            let port = try CallerPort.Configuration(settings, descriptors: DescriptorLimit.raise() - spared)
            let caller = try CallerPort(
                configuration: port, version: version, eventLoop: eventLoop, status: { relay.status },
                observer: { relay.observed(.caller($0)) })
            self.caller = caller
            announced = PortAnnouncement.Port(
                options: CallerServer(settings, isBound: port.bindsTLS).options,
                password: port.password.reveal())
        } else {
            self.caller = nil
        }
        self.announcement = PortAnnouncement(
            schema: SQLText.identifier(configuration.database.schema), port: announced, eventLoop: eventLoop,
            observer: relay.observed, changed: relay.changed)
        let settings = CallSettings(self.pool.cleanSession)
        self.settings = settings
        let budget = RouterBudget()
        let passage = Passage(observer: relay.observed)
        self.passage = passage
        self.callee = Callee(
            configuration: configuration, pool: self.pool, guests: guests, control: self.control, eventLoop: eventLoop,
            settings: settings, budget: budget, passage: passage, observer: relay.observed, changed: relay.changed)
        self.subscriptions = Subscriptions(
            configuration: configuration, pool: self.pool, control: self.control, eventLoop: eventLoop,
            settings: settings, budget: budget, observer: relay.observed, changed: relay.changed)
        let subscriptions = self.subscriptions
        let registrations = Registrations(
            configuration: configuration, control: self.control, eventLoop: eventLoop, callee: self.callee,
            subscriptions: subscriptions, guests: guests, observer: relay.observed, changed: relay.changed)
        self.registrations = registrations
        let notifications = NotificationRelay(
            configuration: configuration, pool: self.pool, definitions: self.callee.definitions, settings: settings,
            budget: budget, passage: passage, observer: relay.observed)
        self.notifications = notifications
        self.listener = Listener(
            environment: database, channels: notifications.channels, observer: { relay.observed(.database($0)) },
            receiver: { channel, payload in
                if channel == keys.mappingChannel {
                    registrations.read()
                    subscriptions.retryLetters()
                }
                notifications.received(channel: channel, payload: payload)
            })
        let pool = self.pool
        self.caller?.waitingChanged = {
            pool.backend($0, waits: $1)
            guests.pool.backend($0, waits: $1)
        }
        self.caller?.listeningChanged = { relay.portListens($0) }
        self.announcement.keyIsKnown = { [caller = self.caller] in caller?.key = $0 }
        self.readiness = ReadinessStateMachine(
            listens: !notifications.channels.isEmpty, hasPort: configuration.caller != nil)
        relay.supervisor = self
    }

    /// Starts both sides at once; neither waits for the other.
    func start() {
        if let caller = self.caller, let wanted = self.configuration.caller?.sessions, caller.mostSessions < wanted {
            self.observe(.caller(.fewerSessions(wanted: wanted, possible: caller.mostSessions)))
        }
        if let tls = self.configuration.router.tls, tls.verify == .none {
            self.observe(.routerNotVerified(place: self.configuration.place(self.configuration.router.location)))
        }
        self.control.start()
        self.pool.start()
        self.listener.start()
        self.leadership.start()
        self.caller?.start()
        self.router.start()
    }

    /// Takes no more calls, finishes those that run, says goodbye. `completion` is called once, in time.
    func stop(signal: String, completion: @escaping () -> Void) {
        self.observe(.stopping(signal: signal))
        self.readiness.stopping()
        self.nextLook?.cancel()
        self.faultsTimer?.cancel()
        self.registrations.stop()
        self.handOver?.cancel()
        self.listener.stop()
        let patience = TimeAmount(self.configuration.shutdownTimeout)
        var isOver = false
        let end = { (isDrained: Bool) in
            guard !isOver else { return }
            isOver = true
            self.sayGoodbye(isDrained: isDrained, completion: completion)
        }
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: patience) { end(false) }
        self.callee.drain {
            self.subscriptions.drain {
                let finish = {
                    // As long as there is a session in which events can be acknowledged.
                    self.finishLeading {
                        timer.cancel()
                        end(true)
                    }
                }
                // Calls from SQL may be answered by functions of this very database.
                if let caller = self.caller { caller.drain(completion: finish) } else { finish() }
            }
        }
    }

    /// SIGHUP came.
    func reload() {
        self.observe(.reloadUnsupported)
    }

    private func sayGoodbye(isDrained: Bool, completion: @escaping () -> Void) {
        // Calls that still run are told so now, while there is a session to tell it in.
        self.subscriptions.stop()
        self.pool.stop()
        self.guests.stop()
        self.caller?.stop()
        var isOver = false
        let end = { (isInTime: Bool) in
            guard !isOver else { return }
            isOver = true
            self.control.stop()
            self.observe(isDrained && isInTime ? .stoppedInTime : .stoppedTooLate(unanswered: !isDrained))
            completion()
        }
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.goodbyePatience) { end(false) }
        self.router.stop(reason: CloseReason.systemShutdown) {
            timer.cancel()
            end(true)
        }
    }

    /// Another sidecar may lead as soon as what is under way here has been published.
    private func finishLeading(completion: @escaping () -> Void) {
        var isOver = false
        let end = {
            guard !isOver else { return }
            isOver = true
            self.leadership.stop()
            completion()
        }
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.handOverPatience) { end() }
        self.outbox.finish {
            timer.cancel()
            end()
        }
    }

    // MARK: - What the parts tell

    /// One of the parts has something to tell.
    func observe(_ observation: Observation) {
        self.journal.record(observation)
        if case .database(let event) = observation { self.databaseChanged(event) }
        if case .originRefused(let refused) = observation { self.hold(refused) }
    }

    /// Whether functions can be called now.
    var isDatabaseAvailable: Bool { self.pool.isAvailable }

    private func databaseChanged(_ event: DatabaseEvent) {
        switch event {
        case .callsAvailable:
            self.readiness.databaseIsAvailable(true)
            self.callee.databaseIsAvailable()
            self.subscriptions.lookUpWhatIsNotKnown()
        case .callsUnavailable:
            self.readiness.databaseIsAvailable(false)
            if self.configuration.database.onDatabaseLoss == .unregister { self.callee.withdraw() }
        case .listening:
            self.readiness.listening(true)
            // What was notified before may not have been heard.
            self.registrations.read()
            self.subscriptions.retryLetters()
        case .lost(.listener, _):
            self.readiness.listening(false)
        case .connected(.control, _, _):
            self.askForSearchPath()
            self.callee.lookUpWhatIsNotKnown()
            self.subscriptions.lookUpWhatIsNotKnown()
        case .connected, .lost, .connectFailed:
            return
        }
        self.changed()
    }

    /// The port has begun to listen for calls from SQL, or listens no more.
    func portListens(_ isListening: Bool) {
        self.readiness.portListens(isListening)
        self.announcement.listening(isListening)
        self.portYield.listening(isListening)
        self.changed()
    }

    private func askForSearchPath() {
        self.control.query(
            """
            select reset_val, pg_catalog.current_setting('role'), current_user
            from pg_catalog.pg_settings where name = 'search_path'
            """
        ) { result in
            guard case .success(let rows) = result, let row = rows.values.first, row.count == 3, let path = row[0],
                let role = row[1]
            else { return }
            self.settings.ownRole = row[2] ?? ""
            guard path != self.settings.session.searchPath || role != self.settings.session.role else { return }
            self.settings.session = CleanSession(searchPath: path, role: role, timeout: Self.sessionTimeout)
            self.pool.cleanSession = self.settings.session
            self.guests.pool.cleanSession = CleanSession(
                searchPath: path, role: CallSettings.noRole, timeout: Self.sessionTimeout)
        }
    }

    // MARK: - The router

    func joined(_ session: Session) {
        self.readiness.joined(true)
        self.testament?.joined(session)
        self.passage.joined(session)
        self.notifications.joined(session)
        self.callee.joined(session)
        self.subscriptions.joined(session)
        self.outbox.joined(session)
        self.caller?.peer = session
        self.leadership.joined()
        self.changed()
    }

    func left(_ session: Session, reason: SessionEnd) {
        self.readiness.joined(false)
        self.passage.left(session, reason, besidesSuspects: self.outbox.isSuspectUnderWay)
        self.notifications.left()
        self.callee.left()
        self.subscriptions.left()
        self.outbox.left()
        self.caller?.peer = nil
        self.leadership.left()
        self.pool.resume()
        self.guests.pool.resume()
        self.changed()
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
        // What the router does not take is not asked of the database either.
        guard isWritable else {
            self.guests.pool.pause()
            return self.pool.pause()
        }
        self.pool.resume()
        self.guests.pool.resume()
        self.outbox.writable()
        self.notifications.writable()
        self.caller?.writable()
    }

    func observed(_ event: RouterEvent) {
        if case .connecting(let url) = event { self.passage.connecting(to: url) }
        self.journal.record(.router(event))
    }
}

/// Passes on what the parts observe: they are made before the supervisor, which they may not keep alive.
private final class ObservationRelay {
    weak var supervisor: Supervisor?

    func observed(_ observation: Observation) {
        self.supervisor?.observe(observation)
    }

    func changed() {
        self.supervisor?.changed()
    }

    func portListens(_ isListening: Bool) {
        self.supervisor?.portListens(isListening)
    }

    /// How things stand, for people who ask at the caller's port.
    var status: [CallerAnswer.Field] { self.supervisor?.status ?? [] }
}

import NIOCore
import Postgres
import SidecarConfiguration
import WAMP
import WAMPClient

/// The subscriber role: functions of the database run for events of the router. On the event loop.
final class Subscriptions {
    /// How often what can't be called is looked up, whether events come or not.
    private static let lookInterval = TimeAmount.seconds(10)
    /// With more events waiting than these, each gets memory of its own: as they come they hold on to what was read with them.
    private static let mostUncompacted = 1024

    private struct Entry {
        let route: SubscriptionRoute
        let context: EventContext
        let flow: any EventFlow
    }

    private let pool: Pool
    private let eventLoop: any EventLoop
    private let settings: CallSettings
    private let routerBudget: RouterBudget
    private let observer: (Observation) -> Void
    private let changed: () -> Void
    private let definitions: Definitions
    private let letters: EventLetters
    private let subscriber: Subscriber
    private lazy var retries = LetterRetries(schema: self.schema, control: self.control) { [unowned self] in
        self.retry($0, subscription: $1, function: $2)
    }
    private let schema: String
    private let control: Control
    private var budget = EventBudget()
    private var entries: [Entry] = []
    /// Those that were removed while events of theirs were under way.
    private var leaving: [Entry] = []
    private var nextLook: Scheduled<Void>?
    private var isStopping = false
    private var drained: (() -> Void)?

    /// - Parameter changed: called whenever ``isSettled`` or ``complaints`` may have changed.
    init(
        configuration: Configuration, pool: Pool, control: Control, eventLoop: any EventLoop, settings: CallSettings,
        budget: RouterBudget, observer: @escaping (Observation) -> Void, changed: @escaping () -> Void
    ) throws(StartError) {
        self.pool = pool
        self.control = control
        self.schema = configuration.database.schema
        self.eventLoop = eventLoop
        self.settings = settings
        self.routerBudget = budget
        self.observer = observer
        self.changed = changed
        self.definitions = Definitions(
            schema: configuration.database.schema, control: control, pool: pool, observer: observer, changed: changed)
        self.letters = EventLetters(
            schema: configuration.database.schema, control: control, eventLoop: eventLoop, observer: observer)
        self.subscriber = Subscriber(eventLoop: eventLoop, observer: observer, changed: changed)
        for mapping in configuration.subscriptions {
            do throws(URIError) {
                _ = try self.add(mapping, place: configuration.place(mapping.location), registration: nil)
            } catch {
                throw StartError(
                    "\(configuration.place(mapping.location)): subscription '\(mapping.topic)' \(error.description)")
            }
        }
    }

    /// Whether this sidecar is the one that subscribes: false until it is told so. What has come runs to its end.
    var isActive: Bool {
        get { self.subscriber.isWanted }
        set {
            guard !self.isStopping else { return }
            guard newValue else { return self.subscriber.withdraw() }
            self.subscriber.resume()
            self.retryLetters()
        }
    }

    /// Whether the SQL interface, with its table of dead letters, is there.
    var isInstalled: Bool {
        get { self.letters.isInstalled }
        set {
            self.letters.isInstalled = newValue
            self.retryLetters()
        }
    }

    // MARK: - Health

    /// Whether all topics have been subscribed to or refused, and all functions looked at.
    var isSettled: Bool { self.subscriber.isComplete && self.isAllKnown }

    private var isAllKnown: Bool {
        self.entries.allSatisfy { entry in
            switch entry.route.definition.state {
            case .unknown: entry.route.isLate
            case .plan, .fault: true
            }
        }
    }

    /// What does not work, one sentence each.
    var complaints: [String] {
        var complaints = self.subscriber.refusals.map { "\($0.topic): \($0.reason)" }
        complaints += self.definitions.faults.map(\.description)
        if self.budget.isExceeded {
            complaints.append("events are dropped: too many wait for the database")
        }
        return complaints
    }

    // MARK: - Mappings

    /// Another subscription, at run time or at start.
    ///
    /// - Parameters:
    ///   - registration: its row, if SQL subscribed it.
    ///   - isLate: readiness does not wait for it.
    func add(
        _ mapping: SubscriptionMapping, place: String, registration: RegistrationRow.Key?, isLate: Bool = false
    ) throws(URIError) -> SubscriptionRoute {
        let topic = try URI(pattern: mapping.topic, match: MatchPolicy(rawValue: mapping.match.rawValue) ?? .exact)
        let isOrdered = mapping.concurrency == 1
        let route = SubscriptionRoute(
            mapping: mapping, topic: topic, place: place, pool: self.pool, registration: registration)
        let context = EventContext(
            route: route, pool: self.pool, eventLoop: self.eventLoop, definitions: self.definitions,
            settings: self.settings, letters: self.letters, observer: self.observer,
            ended: { [unowned self] in self.ended($0) })
        let flow: any EventFlow = isOrdered ? OrderedEvents(context) : ConcurrentEvents(context)
        self.entries.append(Entry(route: route, context: context, flow: flow))
        route.isLate = isLate
        if mapping.role != nil { self.settings.use() }
        self.subscriber.add(route, flow)
        return route
    }

    /// A subscription is no more. Events of it that have come run to their end.
    func remove(_ route: SubscriptionRoute) {
        guard let index = self.entries.firstIndex(where: { $0.route === route }) else { return }
        self.subscriber.remove(route)
        let entry = self.entries.remove(at: index)
        self.leaving.append(entry)
        self.retireWhatHasEnded()
        self.changed()
    }

    private func retireWhatHasEnded() {
        guard !self.leaving.isEmpty else { return }
        for entry in self.leaving where entry.flow.isIdle { entry.context.retire() }
        self.leaving.removeAll { $0.flow.isIdle }
    }

    // MARK: - The two sides

    func joined(_ session: Session) {
        self.subscriber.joined(session)
    }

    func left() {
        self.subscriber.left()
    }

    func revoked(_ subscription: SubscriptionID, reason: String?) {
        self.subscriber.revoked(subscription, reason: reason)
    }

    /// Looks up what is not known, or was wrong when last looked at, and again after a while as long as something is wrong.
    func lookUpWhatIsNotKnown() {
        for entry in self.entries {
            switch entry.route.definition.state {
            case .plan: break
            case .unknown, .fault: entry.context.lookUp { _ in self.lookAgainLater() }
            }
        }
    }

    private func lookAgainLater() {
        guard self.nextLook == nil, !self.isStopping, !self.isAllKnown || !self.definitions.faults.isEmpty else {
            return
        }
        self.nextLook = self.eventLoop.assumeIsolated().scheduleTask(in: Self.lookInterval) {
            self.nextLook = nil
            self.lookUpWhatIsNotKnown()
        }
    }

    /// Takes no more events; `completion` is called when those that have come have run.
    func drain(completion: @escaping () -> Void) {
        self.isStopping = true
        self.nextLook?.cancel()
        self.subscriber.withdraw()
        self.drained = completion
        self.finishDraining()
    }

    /// Gives up what has not run.
    func stop() {
        self.letters.stop()
        var count = 0
        for entry in self.entries + self.leaving { count += entry.flow.stop().count }
        if count > 0 { self.observer(.eventsNotRun(count: count)) }
    }

    private func finishDraining() {
        guard let drained = self.drained, self.entries.allSatisfy(\.flow.isIdle), self.leaving.isEmpty else { return }
        self.drained = nil
        drained()
    }

    // MARK: - Events

    func received(_ event: Event) {
        self.subscriber.forEachReceiver(of: event.subscription) { route, flow in
            let (details, topic) = EventDetails.make(event, topic: route.topic.text)
            self.accept(
                ReceivedEvent(payload: event.payload, details: details, topic: topic, letter: nil), route, flow)
        }
    }

    private func accept(_ event: ReceivedEvent, _ route: SubscriptionRoute, _ flow: any EventFlow) {
        let wasExceeded = self.budget.isExceeded
        guard let share = self.routerBudget.admit(event.payload, event.details), self.budget.admit(event.size) else {
            self.observer(.eventDropped(topic: route.topic.text, place: route.place))
            if !wasExceeded { self.changed() }
            return
        }
        var event = event
        event.share = share
        let isBacklog = self.budget.events > Self.mostUncompacted || !self.pool.isAvailable
        flow.append(event.compacted(always: isBacklog))
    }

    /// Dead letters may be there that are to be tried again: where this sidecar leads, and there is an interface.
    func retryLetters() {
        guard self.isActive, self.isInstalled, !self.isStopping else { return }
        self.retries.look()
    }

    private func retry(_ event: ReceivedEvent, subscription: String, function: String) -> Bool {
        let entry = self.entries.first {
            $0.route.topic.text == subscription && $0.route.mapping.function.value == function
        }
        guard let entry, self.budget.admit(event.size) else { return false }
        entry.flow.append(event)
        return true
    }

    private func ended(_ event: ReceivedEvent) {
        if let letter = event.letter { self.retries.ended(letter) }
        let wasExceeded = self.budget.isExceeded
        self.budget.release(event.size)
        if wasExceeded, !self.budget.isExceeded { self.changed() }
        guard self.isStopping || !self.leaving.isEmpty else { return }
        // The queue itself hears of it after this.
        self.eventLoop.assumeIsolated().execute {
            self.retireWhatHasEnded()
            self.finishDraining()
        }
    }
}

import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration
import WAMP
import WAMPClient

/// The subscriber role: functions of the database run for events of the router. On the event loop.
final class Subscriptions {
    /// How long the router may take to answer UNSUBSCRIBE when the process stops.
    private static let unsubscribePatience = TimeAmount.seconds(2)
    /// When more events than these wait, each gets its own memory: until then it keeps the whole piece that it was read
    /// with.
    private static let mostUncompacted = 1024

    private enum Trouble: Hashable {
        case drops(ObjectIdentifier)
        case holds(ObjectIdentifier)
    }

    /// Which dead letters are for a subscription.
    fileprivate struct Address: Hashable {
        let topic: ExactText
        let function: ExactText

        init(topic: String, function: String) {
            self.topic = ExactText(topic)
            self.function = ExactText(function)
        }
    }

    private let pool: Pool
    private let eventLoop: any EventLoop
    private let settings: CallSettings
    private let routerBudget: RouterBudget
    private let mandate: Mandate
    private let observer: (Observation) -> Void
    private let changed: () -> Void
    let definitions: Definitions
    private let letters: EventLetters
    private let subscriber: Holder<Entry>
    let slots: SlotTable<SubscriptionSlot>
    private lazy var retries = LetterRetries(
        schema: self.schema, control: self.control, eventLoop: self.eventLoop
    ) { [unowned self] in
        self.retry($0, subscription: $1, function: $2)
    }
    private let schema: String
    private let control: Control
    private var budget = EventBudget()
    /// The ones whose events are dropped, or held.
    private var troubles = Complaints<Trouble>()
    private var entries: [ObjectIdentifier: Entry] = [:]
    private var addresses: [Address: Entry] = [:]
    /// The removed ones with events still under way.
    private var leaving: [ObjectIdentifier: Entry] = [:]
    private var isStopping = false
    private var acting = Acting.undecided
    private var drained: (() -> Void)?

    /// - Parameters:
    ///   - mandate: whether this sidecar may still run what comes.
    ///   - slots: where events are counted.
    ///   - changed: called whenever ``isSettled`` or ``complaints`` may have changed.
    init(
        configuration: Configuration, pool: Pool, control: Control, eventLoop: any EventLoop, settings: CallSettings,
        budget: RouterBudget, mandate: Mandate, slots: SlotTable<SubscriptionSlot>,
        observer: @escaping (Observation) -> Void, changed: @escaping () -> Void
    ) {
        self.pool = pool
        self.control = control
        self.schema = configuration.database.schema
        self.eventLoop = eventLoop
        self.settings = settings
        self.routerBudget = budget
        self.mandate = mandate
        self.slots = slots
        self.observer = observer
        self.changed = changed
        self.definitions = Definitions(
            schema: configuration.database.schema, control: control, eventLoop: eventLoop,
            observer: { observer(.function($0)) }, changed: changed)
        self.letters = EventLetters(
            schema: configuration.database.schema, control: control, eventLoop: eventLoop, observer: observer)
        self.subscriber = Holder(eventLoop: eventLoop, observer: observer, changed: changed)
    }

    /// Whether this sidecar is the one that subscribes: not before it leads. Events that came before it lost the lead
    /// run to their end.
    func act(_ acting: Acting) {
        let wasSuspended = self.isSuspended
        self.acting = acting
        // The earlier events are distinguished from later ones.
        if self.isSuspended != wasSuspended {
            for entry in self.allEntries { entry.flow.suspend(self.isSuspended) }
        }
        guard !self.isStopping else { return }
        switch acting {
        case .here:
            self.subscriber.lead(is: .here)
            self.retryLetters()
        case .suspended, .undecided: break
        case .deposed, .elsewhere: self.subscriber.lead(is: .elsewhere)
        }
    }

    /// New events wait until it is known which sidecar must run them.
    private var isSuspended: Bool {
        switch self.acting {
        case .suspended, .deposed: true
        case .here, .elsewhere, .undecided: false
        }
    }

    /// Another sidecar runs the events that came while suspended. Returns how many events those were.
    func dropWhatWaits() -> Int {
        self.allEntries.reduce(0) { $0 + $1.flow.drop() }
    }

    /// All subscriptions, those too that are no more and whose events are under way.
    var allEntries: [Entry] { Array(self.entries.values) + Array(self.leaving.values) }

    /// Whether the SQL interface, with its table of dead letters, exists.
    var isInstalled: Bool {
        get { self.letters.isInstalled }
        set {
            self.letters.isInstalled = newValue
            self.retryLetters()
        }
    }

    // MARK: - Health

    /// Whether all topics have been subscribed to or refused, and all functions looked up.
    var isSettled: Bool { self.subscriber.isSettled && self.definitions.isSettled }

    /// How it stands with each subscription and its events, by their topics.
    func standings(at now: NIODeadline) -> [(route: RouteStanding, figures: SubscriptionFigures?)] {
        let all = self.gauges
        return self.subscriber.standings.map { entry, standing in
            let topic = entry.route.topic.text
            let stands = RouteStanding(
                uri: topic, target: entry.route.mapping.function.value.text,
                place: entry.route.place, standing: standing, fault: entry.route.definition.fault)
            var figures = entry.route.slot.figures(of: topic)
            if let gauges = all[ObjectIdentifier(entry.route.slot)] {
                figures?.waiting = gauges.waiting
                figures?.inProgress = gauges.inProgress
                figures?.oldest = gauges.oldest.map { _ in gauges.age(at: now) }
            }
            return (stands, figures)
        }.sorted { $0.route.uri < $1.route.uri }
    }

    var faultKind: FaultKind? { .subscription }

    /// The complaints about subscriptions.
    var complaints: ComplaintSummary {
        self.subscriber.complaints + self.definitions.complaints + ComplaintSummary(self.troubles)
    }

    // MARK: - Mappings

    /// Adds a subscription.
    ///
    /// - Parameters:
    ///   - place: its place: `sidecar.yaml:12:3`.
    ///   - registration: its row, if SQL subscribed it.
    ///   - isAwaited: whether readiness waits for it.
    ///   - runner: the role that runs it, if that is not this sidecar's own.
    func add(
        _ mapping: SubscriptionMapping, place: String, registration: RegistrationKey?, isAwaited: Bool,
        runner: Guests.Runner?
    ) -> SubscriptionRoute {
        let isOrdered = mapping.concurrency == 1
        let route = SubscriptionRoute(
            mapping: mapping, place: place, pool: runner?.pool ?? self.pool,
            slot: self.slots.slot(mapping.topic.text), registration: registration, guest: runner?.role)
        let context = EventContext(
            route: route, eventLoop: self.eventLoop, definitions: self.definitions,
            settings: self.settings, letters: self.letters, observer: self.observer,
            ended: { [unowned self] in self.ended($0, route) },
            waiting: { [unowned self] reason in
                self.troubles[.holds(ObjectIdentifier(route))] = reason.map {
                    Complaint(name: "subscription '\(route.topic)'", reason: "its events wait: \($0)")
                }
                self.changed()
            })
        let flow: any EventFlow = isOrdered ? OrderedEvents(context) : ConcurrentEvents(context)
        let entry = Entry(route: route, context: context, flow: flow)
        self.entries[ObjectIdentifier(route)] = entry
        self.addresses[route.address] = entry
        self.budget.subscriptions = self.entries.count
        self.routerBudget.parties += 1
        flow.suspend(self.isSuspended)
        self.definitions.add(route.definition, isAwaited: isAwaited)
        self.subscriber.add(entry, isLate: !isAwaited)
        return route
    }

    /// Removes a subscription. Its events that have come run to their end.
    func remove(_ route: SubscriptionRoute) {
        guard let entry = self.entries.removeValue(forKey: ObjectIdentifier(route)) else { return }
        if self.addresses[route.address] === entry { self.addresses[route.address] = nil }
        entry.mayReceive = true
        self.budget.subscriptions = self.entries.count
        self.routerBudget.parties -= 1
        entry.flow.end()
        self.leaving[ObjectIdentifier(route)] = entry
        self.subscriber.remove(entry) {
            entry.mayReceive = false
            self.retireIfEnded(entry)
            self.finishDraining()
        }
        self.changed()
    }

    private func retireIfEnded(_ entry: Entry) {
        guard !entry.mayReceive, entry.flow.isIdle,
            self.leaving.removeValue(forKey: ObjectIdentifier(entry.route)) != nil
        else { return }
        self.troubles[.holds(ObjectIdentifier(entry.route))] = nil
        self.troubles[.drops(ObjectIdentifier(entry.route))] = nil
        entry.context.retire()
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

    /// Looks up the functions that are not known, or were faulty at the last look-up.
    func lookUpWhatIsNotKnown() {
        self.definitions.lookUpWhatIsNotKnown()
    }

    /// Accepts no more events; `completion` is called when those that have come have run.
    func drain(completion: @escaping () -> Void) {
        self.isStopping = true
        self.definitions.stop()
        self.drained = completion
        // Until then the router may send events that it had sent before it learned that the subscription is gone.
        self.subscriber.drain(within: Self.unsubscribePatience) { self.finishDraining() }
        for entry in self.entries.values { entry.flow.end() }
        self.finishDraining()
    }

    /// Gives up the events that have not run.
    func stop() {
        self.letters.stop()
        var count = 0
        for entry in self.allEntries {
            for _ in entry.flow.stop() {
                entry.route.slot.eventLost(.stopping)
                count += 1
            }
        }
        if count > 0 { self.observer(.eventsNotRun(count: count)) }
    }

    private func finishDraining() {
        guard let drained = self.drained, self.subscriber.isDrained, self.budget.count == 0 else { return }
        self.drained = nil
        drained()
    }

    // MARK: - Events

    func received(_ event: Event) {
        let facts = EventFacts(event.details)
        let now = NIODeadline.now()
        self.mandate.check(at: now)
        self.subscriber.forEachReceiver(of: event.subscription) { entry in
            let (details, topic) = EventDetails.make(
                facts, publication: event.publication, topic: entry.route.topic.text)
            self.accept(
                ReceivedEvent(payload: event.payload, details: details, topic: topic, letter: nil, arrived: now),
                entry.route, entry.flow)
        }
    }

    private func accept(_ event: ReceivedEvent, _ route: SubscriptionRoute, _ flow: any EventFlow) {
        route.slot.eventCame()
        guard let share = self.routerBudget.admit(event.payload, event.details, of: FairShares.Party(route)) else {
            self.budget.drop(of: FairShares.Party(route))
            self.noteDrops(of: route)
            route.slot.eventLost(.overflow)
            return self.observer(.eventDropped(topic: route.topic.text, place: route.place))
        }
        guard self.admit(event, of: route) else {
            route.slot.eventLost(.overflow)
            return self.observer(.eventDropped(topic: route.topic.text, place: route.place))
        }
        var event = event
        event.share = share
        let isBacklog = self.budget.count > Self.mostUncompacted || !route.pool.isAvailable
        event.compact(always: isBacklog || self.routerBudget.isCrowded)
        flow.append(event)
    }

    private func admit(_ event: ReceivedEvent, of route: SubscriptionRoute) -> Bool {
        let isAdmitted = self.budget.admit(event.size, of: FairShares.Party(route))
        self.noteDrops(of: route)
        return isAdmitted
    }

    /// How many octets the events of a subscription take that have not ended.
    func octets(of route: SubscriptionRoute) -> Int { self.budget.octets(of: FairShares.Party(route)) }

    private func noteDrops(of route: SubscriptionRoute) {
        let isExceeded = self.budget.isExceeded(by: FairShares.Party(route))
        guard isExceeded || self.troubles.count > 0 else { return }
        let key = ObjectIdentifier(route)
        guard isExceeded != (self.troubles[.drops(key)] != nil) else { return }
        self.troubles[.drops(key)] =
            isExceeded
            ? Complaint(name: "subscription '\(route.topic)'", reason: "its events are dropped: too many of them wait")
            : nil
        self.changed()
    }

    /// There may be dead letters to try again: if this sidecar leads, and there is an interface.
    func retryLetters() {
        guard self.acting == .here, self.isInstalled, !self.isStopping else { return }
        self.retries.look()
    }

    private func retry(_ event: ReceivedEvent, subscription: String, function: String) -> Bool {
        let entry = self.addresses[Address(topic: subscription, function: function)]
        guard let entry, self.admit(event, of: entry.route) else { return false }
        self.mandate.check(at: .now())
        entry.route.slot.eventCame()
        entry.flow.append(event)
        return true
    }

    private func ended(_ event: ReceivedEvent, _ route: SubscriptionRoute) {
        if let letter = event.letter { self.retries.ended(letter) }
        self.budget.release(event.size, of: FairShares.Party(route))
        self.noteDrops(of: route)
        let leaving = self.leaving[ObjectIdentifier(route)]
        guard self.isStopping || leaving != nil else { return }
        // The queue itself learns of it after this.
        self.eventLoop.assumeIsolated().execute {
            if let leaving { self.retireIfEnded(leaving) }
            self.finishDraining()
        }
    }
}

extension SubscriptionRoute {
    fileprivate var address: Subscriptions.Address {
        Subscriptions.Address(topic: self.topic.text, function: self.mapping.function.value.text)
    }
}

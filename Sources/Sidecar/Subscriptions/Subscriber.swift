import NIOCore
import SidecarConfiguration
import WAMP
import WAMPClient

/// Subscribes to the mapped topics with the router, and sees to it that they stay subscribed. On the event loop.
///
/// What the router refuses is tried again slowly, since permissions change. One that fails never holds up the others.
final class Subscriber {
    /// How soon a subscription that is refused is tried again, at most.
    private static let firstWait = TimeAmount.seconds(8)
    private static let longestWait = TimeAmount.seconds(32)

    private enum State {
        case idle
        /// It waits for its turn.
        case queued
        case subscribing
        case subscribed(SubscriptionID)
        case waiting(Scheduled<Void>)
    }

    private final class Entry {
        let route: SubscriptionRoute
        let flow: any EventFlow
        var state = State.idle
        var attempts = 0
        /// Whether the router has answered in this session, one way or the other: trying again makes nothing unsettled.
        var isAnswered = false
        /// It is to be subscribed to no more, ever.
        var isRemoved = false
        /// The subscriptions whose events it gets: the one that it has, and those that are being taken back.
        var receiving: Set<SubscriptionID> = []

        init(route: SubscriptionRoute, flow: any EventFlow) {
            self.route = route
            self.flow = flow
        }
    }

    private enum Request {
        case subscribe(Entry)
        case unsubscribe(SubscriptionID, Entry)
    }

    /// So many requests are under way at once, as many as of the registrar: calls and events come in between, and routers drop answers that a
    /// client is too slow to take.
    private static let mostAtOnce = 16

    private let eventLoop: any EventLoop
    private let backoff = Backoff(base: Subscriber.firstWait, greatest: Subscriber.longestWait)
    private let observer: (Observation) -> Void
    private let changed: () -> Void
    private var entries: [ObjectIdentifier: Entry] = [:]
    /// Who gets the events of a subscription: several where their topics are the same.
    private var receivers: [SubscriptionID: [ObjectIdentifier: Entry]] = [:]
    /// How often each subscription is being taken back: events of it may be on their way.
    private var leaving: [SubscriptionID: Int] = [:]
    /// Those that the router has not answered for.
    private var unsettled: Set<ObjectIdentifier> = []
    /// What the router said, as it was last logged.
    private var refusals = Complaints<ObjectIdentifier>()
    /// Those that were removed, until no more events of theirs come.
    private var removed: [ObjectIdentifier: (entry: Entry, completion: () -> Void)] = [:]
    private var session: Session?
    private var turns = Turns<Request>(most: Subscriber.mostAtOnce)
    private var isAsking = false
    /// Whether the topics should be subscribed to: by the leader of several sidecars, until it is stopping.
    private(set) var isWanted = false
    /// Called after each of the router's answers.
    var answered: (() -> Void)?

    /// - Parameter changed: called whenever ``complaints`` or ``isComplete`` may have changed.
    init(eventLoop: any EventLoop, observer: @escaping (Observation) -> Void, changed: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.observer = observer
        self.changed = changed
    }

    /// Whether the router has answered for each topic, one way or the other.
    var isComplete: Bool { !self.isWanted || self.unsettled.isEmpty }

    /// Whether all that was asked of the router has been answered. After ``withdraw()`` no more events come then: what it had sent before it saw
    /// UNSUBSCRIBE came before its answer.
    var isAnswered: Bool { self.turns.isIdle }

    /// What the router refuses, with its words.
    var complaints: ComplaintSummary { ComplaintSummary(self.refusals) }

    /// Calls back for each receiver of a subscription's events.
    func forEachReceiver(of subscription: SubscriptionID, _ body: (SubscriptionRoute, any EventFlow) -> Void) {
        guard let receivers = self.receivers[subscription] else { return }
        for entry in receivers.values { body(entry.route, entry.flow) }
    }

    // MARK: - Topics

    /// Another topic to subscribe to.
    func add(_ route: SubscriptionRoute, _ flow: any EventFlow) {
        let entry = Entry(route: route, flow: flow)
        self.entries[ObjectIdentifier(route)] = entry
        self.queueIfIdle(entry)
        self.settle(entry)
        self.ask()
    }

    /// The topic is no longer wanted.
    ///
    /// - Parameter completion: called once, when no more events of it come. Not before this returns.
    func remove(_ route: SubscriptionRoute, completion: @escaping () -> Void) {
        guard let entry = self.entries.removeValue(forKey: ObjectIdentifier(route)) else { return }
        entry.isRemoved = true
        self.takeBack(entry)
        self.removed[ObjectIdentifier(route)] = (entry, completion)
        self.ask()
        self.eventLoop.assumeIsolated().execute { self.tellIfLeft(entry) }
    }

    // MARK: - Sessions

    /// A new session: all is to be subscribed to in it.
    func joined(_ session: Session) {
        self.forget()
        self.session = session
        for entry in self.entries.values { self.queueIfIdle(entry) }
        self.ask()
    }

    /// The session is gone, and with it all subscriptions.
    func left() {
        self.session = nil
        self.forget()
    }

    /// Takes all subscriptions back, until ``resume()``.
    func withdraw() {
        guard self.isWanted else { return }
        self.isWanted = false
        for entry in self.entries.values { self.takeBack(entry) }
        self.ask()
        self.changed()
    }

    /// Subscribes again.
    func resume() {
        guard !self.isWanted else { return }
        self.isWanted = true
        for entry in self.entries.values {
            self.queueIfIdle(entry)
            self.settle(entry)
        }
        self.ask()
    }

    /// The router took a subscription away.
    func revoked(_ subscription: SubscriptionID, reason: String?) {
        guard let receivers = self.receivers.removeValue(forKey: subscription) else { return }
        for entry in receivers.values {
            entry.receiving.remove(subscription)
            self.observer(
                .subscriptionRevoked(topic: entry.route.topic.text, reason: reason ?? "no reason given"))
            guard case .subscribed(subscription) = entry.state else {
                self.tellIfLeft(entry)
                continue
            }
            self.refuse(entry, "the subscription was revoked")
            self.tryAgainLater(entry)
        }
        self.changed()
    }

    private func forget() {
        self.turns.removeAll()
        self.receivers.removeAll()
        self.leaving.removeAll()
        for entry in self.entries.values {
            if case .waiting(let timer) = entry.state { timer.cancel() }
            entry.state = .idle
            entry.attempts = 0
            entry.isAnswered = false
            entry.receiving = []
            entry.route.isLate = false
            self.settle(entry)
        }
        for (entry, _) in self.removed.values {
            entry.receiving = []
            entry.state = .idle
            self.eventLoop.assumeIsolated().execute { self.tellIfLeft(entry) }
        }
    }

    private func tellIfLeft(_ entry: Entry) {
        guard entry.receiving.isEmpty, case .idle = entry.state,
            let (_, completion) = self.removed.removeValue(forKey: ObjectIdentifier(entry.route))
        else { return }
        completion()
    }

    /// Whether the router has answered for this one.
    private func settle(_ entry: Entry) {
        let key = ObjectIdentifier(entry.route)
        let isSettled: Bool
        switch entry.state {
        case .subscribed: isSettled = true
        case .waiting: isSettled = self.refusals[key] != nil
        case .idle: isSettled = entry.route.isLate
        case .queued, .subscribing: isSettled = entry.route.isLate || entry.isAnswered
        }
        if isSettled || entry.isRemoved { self.unsettled.remove(key) } else { self.unsettled.insert(key) }
    }

    private func refuse(_ entry: Entry, _ reason: String) {
        self.refusals[ObjectIdentifier(entry.route)] = Complaint(
            name: "subscription '\(entry.route.topic)'", reason: reason)
    }

    // MARK: - Turns

    private func queueIfIdle(_ entry: Entry) {
        guard case .idle = entry.state, self.session != nil, self.isWanted, !entry.isRemoved else { return }
        entry.state = .queued
        self.turns.add(.subscribe(entry))
    }

    private func ask() {
        // What fails at once is followed by the loop that asked.
        guard !self.isAsking else { return }
        self.isAsking = true
        defer { self.isAsking = false }
        while let request = self.turns.next() {
            switch request {
            case .subscribe(let entry): self.subscribe(entry)
            case .unsubscribe(let subscription, let entry): self.unsubscribe(subscription, entry)
            }
        }
    }

    private func countAnswer() {
        self.turns.answered()
        self.answered?()
        self.ask()
    }

    // MARK: - One topic

    private func subscribe(_ entry: Entry) {
        // What was taken back while it waited is asked for no more.
        guard case .queued = entry.state, let session = self.session else { return self.countAnswer() }
        entry.state = .subscribing
        session.subscribe(entry.route.topic, options: SubscribeOptions(entry.route.mapping)) { result in
            defer { self.countAnswer() }
            guard self.session === session else { return }
            switch result {
            case .success(let subscription): self.subscribed(entry, subscription)
            case .failure(let error): self.refused(entry, error)
            }
            self.settle(entry)
        }
    }

    private func subscribed(_ entry: Entry, _ subscription: SubscriptionID) {
        self.receivers[subscription, default: [:]][ObjectIdentifier(entry.route)] = entry
        entry.receiving.insert(subscription)
        entry.state = .subscribed(subscription)
        guard self.isWanted, !entry.isRemoved else { return self.takeBack(entry) }
        entry.isAnswered = true
        entry.attempts = 0
        self.refusals[ObjectIdentifier(entry.route)] = nil
        self.observer(.subscribed(topic: entry.route.topic.text))
        self.changed()
    }

    private func refused(_ entry: Entry, _ error: RequestError) {
        guard self.isWanted, !entry.isRemoved else {
            entry.state = .idle
            return self.tellIfLeft(entry)
        }
        self.tryAgainLater(entry)
        self.complain(entry, error.message)
    }

    private func complain(_ entry: Entry, _ reason: String) {
        let last = self.refusals[ObjectIdentifier(entry.route)]
        self.refuse(entry, reason)
        if self.refusals[ObjectIdentifier(entry.route)] != last {
            self.observer(
                .subscriptionRefused(topic: entry.route.topic.text, place: entry.route.place, reason: reason))
        }
        entry.isAnswered = true
        self.changed()
    }

    private func tryAgainLater(_ entry: Entry) {
        entry.attempts += 1
        let delay = self.backoff.delay(failures: entry.attempts, random: Double.random(in: 0...1))
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: max(delay, .seconds(1))) {
            entry.state = .idle
            self.queueIfIdle(entry)
            self.ask()
        }
        entry.state = .waiting(timer)
    }

    /// Events that cross UNSUBSCRIBE on the way still run.
    private func takeBack(_ entry: Entry) {
        switch entry.state {
        case .subscribed(let subscription):
            self.leaving[subscription, default: 0] += 1
            entry.state = .idle
            self.turns.add(.unsubscribe(subscription, entry))
        case .waiting(let timer):
            timer.cancel()
            entry.state = .idle
        case .queued:
            entry.state = .idle
        case .idle, .subscribing:
            break
        }
        self.refusals[ObjectIdentifier(entry.route)] = nil
        self.settle(entry)
    }

    private func unsubscribe(_ subscription: SubscriptionID, _ entry: Entry) {
        guard let session = self.session else { return self.countAnswer() }
        session.unsubscribe(subscription) { _ in
            defer { self.countAnswer() }
            guard self.session === session else { return }
            self.takenBack(subscription, entry)
        }
    }

    /// As long as somebody else has the same subscription, the router is not told that one gives it up, and doesn't answer. Where all give it
    /// up, its answer to the last is the end for all.
    private func takenBack(_ subscription: SubscriptionID, _ entry: Entry) {
        let others = (self.leaving[subscription] ?? 1) - 1
        self.leaving[subscription] = others > 0 ? others : nil
        let receivers = self.receivers[subscription] ?? [:]
        let former = receivers.values.filter { if case .subscribed(subscription) = $0.state { false } else { true } }
        if others <= 0 {
            for entry in former { self.forget(subscription, entry) }
        } else if former.count < receivers.count, former.contains(where: { $0 === entry }) {
            self.forget(subscription, entry)
        }
    }

    private func forget(_ subscription: SubscriptionID, _ entry: Entry) {
        self.receivers[subscription]?[ObjectIdentifier(entry.route)] = nil
        if self.receivers[subscription]?.isEmpty == true { self.receivers[subscription] = nil }
        entry.receiving.remove(subscription)
        self.tellIfLeft(entry)
    }
}

extension SubscribeOptions {
    /// What SUBSCRIBE asks for.
    init(_ mapping: SubscriptionMapping) {
        self.init(match: MatchPolicy(rawValue: mapping.match.rawValue) ?? .exact, getRetained: mapping.retained)
    }
}

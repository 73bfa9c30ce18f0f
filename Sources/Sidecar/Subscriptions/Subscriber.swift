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
        case subscribing
        case subscribed(SubscriptionID)
        case waiting(Scheduled<Void>)
    }

    private final class Entry {
        let route: SubscriptionRoute
        let flow: any EventFlow
        var state = State.idle
        var attempts = 0
        /// What the router said, as it was last logged.
        var refusal: String?
        /// Whether the router has answered in this session, one way or the other: trying again makes nothing unsettled.
        var isAnswered = false

        init(route: SubscriptionRoute, flow: any EventFlow) {
            self.route = route
            self.flow = flow
        }
    }

    private let eventLoop: any EventLoop
    private let backoff = Backoff(base: Subscriber.firstWait, greatest: Subscriber.longestWait)
    private let observer: (Observation) -> Void
    private let changed: () -> Void
    private var entries: [Entry] = []
    /// Who gets the events of a subscription: several where their topics are the same.
    private var receivers: [SubscriptionID: [Entry]] = [:]
    private var session: Session?
    /// Whether the topics should be subscribed to: by the leader of several sidecars, until it is stopping.
    private(set) var isWanted = false

    /// - Parameter changed: called whenever ``refusals`` or ``isComplete`` may have changed.
    init(eventLoop: any EventLoop, observer: @escaping (Observation) -> Void, changed: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.observer = observer
        self.changed = changed
    }

    /// Whether the router has answered for each topic, one way or the other.
    var isComplete: Bool {
        !self.isWanted
            || self.entries.allSatisfy { entry in
                switch entry.state {
                case .subscribed: true
                case .waiting: entry.refusal != nil
                case .idle: entry.route.isLate
                case .subscribing: entry.route.isLate || entry.isAnswered
                }
            }
    }

    /// What the router refuses: the topic and its words.
    var refusals: [(topic: String, reason: String)] {
        self.entries.compactMap { entry in entry.refusal.map { (entry.route.topic.text, $0) } }
    }

    /// Calls back for each receiver of a subscription's events.
    func forEachReceiver(of subscription: SubscriptionID, _ body: (SubscriptionRoute, any EventFlow) -> Void) {
        guard let receivers = self.receivers[subscription] else { return }
        for entry in receivers { body(entry.route, entry.flow) }
    }

    // MARK: - Topics

    /// Another topic to subscribe to.
    func add(_ route: SubscriptionRoute, _ flow: any EventFlow) {
        let entry = Entry(route: route, flow: flow)
        self.entries.append(entry)
        self.subscribe(entry)
    }

    /// The topic is no longer wanted.
    func remove(_ route: SubscriptionRoute) {
        guard let index = self.entries.firstIndex(where: { $0.route === route }) else { return }
        self.takeBack(self.entries.remove(at: index))
    }

    // MARK: - Sessions

    /// A new session: all is to be subscribed to in it.
    func joined(_ session: Session) {
        self.forget()
        self.session = session
        for entry in self.entries { self.subscribe(entry) }
    }

    /// The session is gone, and with it all subscriptions.
    func left() {
        self.forget()
        self.session = nil
    }

    /// Takes all subscriptions back, until ``resume()``.
    func withdraw() {
        guard self.isWanted else { return }
        self.isWanted = false
        for entry in self.entries { self.takeBack(entry) }
        self.changed()
    }

    /// Subscribes again.
    func resume() {
        guard !self.isWanted else { return }
        self.isWanted = true
        for entry in self.entries { self.subscribe(entry) }
    }

    /// The router took a subscription away.
    func revoked(_ subscription: SubscriptionID, reason: String?) {
        guard let receivers = self.receivers.removeValue(forKey: subscription) else { return }
        for entry in receivers {
            self.observer(
                .subscriptionRevoked(topic: entry.route.topic.text, reason: reason ?? "no reason given"))
            entry.refusal = "the subscription was revoked"
            self.tryAgainLater(entry)
        }
        self.changed()
    }

    private func forget() {
        for entry in self.entries {
            if case .waiting(let timer) = entry.state { timer.cancel() }
            entry.state = .idle
            entry.attempts = 0
            entry.isAnswered = false
            entry.route.isLate = false
        }
        self.receivers.removeAll()
    }

    // MARK: - One topic

    private func subscribe(_ entry: Entry) {
        guard let session = self.session, self.isWanted, self.holds(entry) else { return }
        switch entry.state {
        case .subscribing, .subscribed: return
        case .idle, .waiting: break
        }
        entry.state = .subscribing
        session.subscribe(entry.route.topic, options: SubscribeOptions(entry.route.mapping)) { result in
            guard self.session === session else { return }
            switch result {
            case .success(let subscription): self.subscribed(entry, subscription, in: session)
            case .failure(let error): self.refused(entry, error)
            }
        }
    }

    private func subscribed(_ entry: Entry, _ subscription: SubscriptionID, in session: Session) {
        guard self.isWanted, self.holds(entry) else {
            entry.state = .idle
            return session.unsubscribe(subscription) { _ in }
        }
        entry.state = .subscribed(subscription)
        entry.isAnswered = true
        entry.attempts = 0
        entry.refusal = nil
        self.receivers[subscription, default: []].append(entry)
        self.observer(.subscribed(topic: entry.route.topic.text))
        self.changed()
    }

    private func refused(_ entry: Entry, _ error: RequestError) {
        guard self.isWanted, self.holds(entry) else {
            entry.state = .idle
            return
        }
        self.tryAgainLater(entry)
        self.complain(entry, error.message)
    }

    private func complain(_ entry: Entry, _ reason: String) {
        if entry.refusal != reason {
            self.observer(
                .subscriptionRefused(topic: entry.route.topic.text, place: entry.route.place, reason: reason))
        }
        entry.refusal = reason
        entry.isAnswered = true
        self.changed()
    }

    private func tryAgainLater(_ entry: Entry) {
        entry.attempts += 1
        let delay = self.backoff.delay(failures: entry.attempts, random: Double.random(in: 0...1))
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: max(delay, .seconds(1))) {
            self.subscribe(entry)
        }
        entry.state = .waiting(timer)
    }

    private func takeBack(_ entry: Entry) {
        switch entry.state {
        case .subscribed(let subscription):
            self.receivers[subscription]?.removeAll { $0 === entry }
            if self.receivers[subscription]?.isEmpty == true { self.receivers[subscription] = nil }
            self.session?.unsubscribe(subscription) { _ in }
            entry.state = .idle
        case .waiting(let timer):
            timer.cancel()
            entry.state = .idle
        case .idle, .subscribing:
            break
        }
        entry.refusal = nil
    }

    private func holds(_ entry: Entry) -> Bool { self.entries.contains { $0 === entry } }
}

extension SubscribeOptions {
    /// What SUBSCRIBE asks for.
    init(_ mapping: SubscriptionMapping) {
        self.init(match: MatchPolicy(rawValue: mapping.match.rawValue) ?? .exact, getRetained: mapping.retained)
    }
}

import Postgres

/// The limit of waiting events: the router continues to send them. All subscriptions share the room; one whose events
/// are slow loses its own part, and none of the others'.
struct EventBudget {
    typealias Subscription = FairShares.Party

    private var events: FairShares
    private var octets: FairShares
    /// The share of a subscription, at which an event was dropped, until some of its events have ended.
    private var exceeded: [Subscription: (events: Int, octets: Int)] = [:]

    /// The number of waiting events.
    private(set) var count = 0

    /// The number of subscriptions.
    var subscriptions: Int {
        get { self.events.parties }
        set {
            self.events.parties = newValue
            self.octets.parties = newValue
        }
    }

    init(mostEvents: Int = 10_000, mostOctets: Int = 16 << 20) {
        self.events = FairShares(capacity: mostEvents)
        self.octets = FairShares(capacity: mostOctets)
    }

    /// An event has come.
    ///
    /// - Returns: false if it must be dropped.
    mutating func admit(_ size: Int, of subscription: Subscription) -> Bool {
        let had = self.events.used(by: subscription)
        let isRoom = self.events.hasRoom(for: 1, of: subscription)
        let areOctets = self.octets.hasRoom(for: size, of: subscription)
        guard isRoom, areOctets else {
            self.exceeded[subscription] = (
                isRoom ? .max : had, areOctets ? .max : self.octets.used(by: subscription)
            )
            return false
        }
        self.events.take(1, for: subscription)
        self.octets.take(size, for: subscription)
        self.count += 1
        // It was dropped for lack of any room, and now there is some.
        if had == 0 { self.exceeded[subscription] = nil }
        return true
    }

    /// An event came that has no room elsewhere.
    mutating func drop(of subscription: Subscription) {
        let had = self.events.used(by: subscription)
        if had > 0 { self.exceeded[subscription] = (had, .max) }
    }

    /// An event has ended.
    mutating func release(_ size: Int, of subscription: Subscription) {
        self.events.release(1, of: subscription)
        self.octets.release(size, of: subscription)
        self.count -= 1
        // The state ends only when some room has become free, so that it isn't reported with each event.
        guard let then = self.exceeded[subscription],
            self.events.used(by: subscription) <= then.events - then.events / 10,
            self.octets.used(by: subscription) <= then.octets - then.octets / 10
        else { return }
        self.exceeded[subscription] = nil
    }

    /// How many octets the events of a subscription have that wait.
    func octets(of subscription: Subscription) -> Int { self.octets.used(by: subscription) }

    /// Whether an event of a subscription was dropped, and too many of them still wait.
    func isExceeded(by subscription: Subscription) -> Bool { self.exceeded[subscription] != nil }
}

import Postgres

/// How many events may wait: the router goes on sending whatever becomes of them. All subscriptions share the room, and one whose events are
/// slow loses its own, and none of the others'.
struct EventBudget<Subscription: Hashable> {
    private var events: FairShares<Subscription>
    private var octets: FairShares<Subscription>
    /// What a subscription had of what it got no more of when an event of it was dropped, until some of that has ended.
    private var exceeded: [Subscription: (events: Int, octets: Int)] = [:]

    /// How many wait.
    private(set) var count = 0

    /// How many subscriptions there are.
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

    /// An event came.
    ///
    /// - Returns: false if it has to be dropped.
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
        // It was dropped for want of any room, and there is some.
        if had == 0 { self.exceeded[subscription] = nil }
        return true
    }

    /// An event came for which there is no room elsewhere.
    mutating func drop(of subscription: Subscription) {
        let had = self.events.used(by: subscription)
        if had > 0 { self.exceeded[subscription] = (had, .max) }
    }

    /// An event has ended.
    mutating func release(_ size: Int, of subscription: Subscription) {
        self.events.release(1, of: subscription)
        self.octets.release(size, of: subscription)
        self.count -= 1
        // A little has to have become free before all is well again, so that it isn't told with each event.
        guard let then = self.exceeded[subscription],
            self.events.used(by: subscription) <= then.events - then.events / 10,
            self.octets.used(by: subscription) <= then.octets - then.octets / 10
        else { return }
        self.exceeded[subscription] = nil
    }

    /// How many octets the events of a subscription have that wait.
    func octets(of subscription: Subscription) -> Int { self.octets.used(by: subscription) }

    /// Whether an event of a subscription was dropped, and too many of it wait still.
    func isExceeded(by subscription: Subscription) -> Bool { self.exceeded[subscription] != nil }
}

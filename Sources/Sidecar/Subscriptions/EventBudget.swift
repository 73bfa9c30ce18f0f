/// How many events may wait, of all subscriptions together: the router goes on sending whatever becomes of them.
struct EventBudget {
    /// The most events.
    let mostEvents: Int
    /// The most octets of them.
    let mostOctets: Int

    private(set) var events = 0
    private var octets = 0
    /// Whether an event was dropped, and too many wait still.
    private(set) var isExceeded = false

    init(mostEvents: Int = 10_000, mostOctets: Int = 16 << 20) {
        self.mostEvents = mostEvents
        self.mostOctets = mostOctets
    }

    /// An event came.
    ///
    /// - Returns: false if it has to be dropped.
    mutating func admit(_ size: Int) -> Bool {
        guard self.events < self.mostEvents, self.octets + size <= self.mostOctets else {
            self.isExceeded = true
            return false
        }
        self.events += 1
        self.octets += size
        return true
    }

    /// An event has ended. A little has to have become free before all is well again, so that it isn't told with each event.
    mutating func release(_ size: Int) {
        self.events -= 1
        self.octets -= size
        if self.events <= self.mostEvents / 10 * 9, self.octets <= self.mostOctets / 10 * 9 { self.isExceeded = false }
    }
}

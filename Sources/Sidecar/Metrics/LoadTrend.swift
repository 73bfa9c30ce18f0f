import NIOCore

/// How much the whole sidecar does: calls and events a second, in the last ten minutes.
struct LoadTrend {
    /// The time between two looks.
    static let interval = TimeAmount.seconds(5)
    /// How many are kept.
    static let most = 120

    private var due: NIODeadline?
    private(set) var calls = RateTrend(most: Self.most)
    private(set) var events = RateTrend(most: Self.most)

    /// Whether it is time for the next look.
    func isDue(at now: NIODeadline) -> Bool { self.due.map { now >= $0 } ?? true }

    /// So many calls and events have come by now.
    mutating func look(calls: Int, events: Int, at now: NIODeadline) {
        self.due = now + Self.interval
        self.calls.look(calls, at: now)
        self.events.look(events, at: now)
    }
}

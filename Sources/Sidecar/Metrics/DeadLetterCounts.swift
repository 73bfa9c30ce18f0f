/// Numbers of dead letters, by their kind.
struct DeadLetterCounts: Equatable {
    /// Of publications that the router refused.
    var publications = 0
    /// Of events that a function refused.
    var events = 0

    /// Whether there are none.
    var isZero: Bool { self.publications == 0 && self.events == 0 }

    static func + (left: Self, right: Self) -> Self {
        Self(publications: left.publications + right.publications, events: left.events + right.events)
    }

    static func - (left: Self, right: Self) -> Self {
        Self(publications: left.publications - right.publications, events: left.events - right.events)
    }
}

import Names
import WAMP

extension Status.Route where Figures == ProcedureFigures {
    /// What the document has of a procedure.
    var members: [String: Value] {
        var members = self.standing.members(uri: "uri")
        let figures = self.figures
        members["calls"] = .count(figures?.received)
        members["results"] =
            figures.map { figures in
                .dictionary(Dictionary(uniqueKeysWithValues: figures.ends.map { ($0.rawValue, .count($1)) }))
            } ?? .null
        members["in_progress"] = .count(figures?.inProgress)
        return members.merging(.pace(figures?.perSecond, figures?.median, figures?.p99)) { $1 }
    }
}

extension Status.Route where Figures == SubscriptionFigures {
    /// What the document has of a subscription.
    var members: [String: Value] {
        var members = self.standing.members(uri: "topic")
        let figures = self.figures
        members["events"] = .count(figures?.received)
        members["results"] =
            figures.map { .dictionary(["done": .count($0.done), "dead": .count($0.dead), "lost": .count($0.lost)]) }
            ?? .null
        members["waiting"] = .count(figures?.waiting)
        members["in_progress"] = .count(figures?.inProgress)
        members["oldest_seconds"] = .rounded(figures?.oldest, to: 1_000)
        return members.merging(.pace(figures?.perSecond, figures?.median, figures?.p99)) { $1 }
    }
}

extension [String: Value] {
    /// How many there are in a second, and how long they take.
    fileprivate static func pace(_ perSecond: Double?, _ median: Double?, _ p99: Double?) -> Self {
        [
            "per_second": .rounded(perSecond, to: 1_000), "p50_seconds": .rounded(median, to: 1_000_000),
            "p99_seconds": .rounded(p99, to: 1_000_000),
        ]
    }
}

extension RouteStanding {
    fileprivate func members(uri: String) -> [String: Value] {
        [
            uri: .string(self.uri), "target": .string(self.target), "place": .string(self.place),
            "state": .string(self.state.rawValue), "reason": self.reason.map { .string($0) } ?? .null,
        ]
    }
}

extension Value {
    /// A number of things, or that it is not known.
    static func count(_ count: Int?) -> Value { count.map { .integer(Int64($0)) } ?? .null }

    /// A number without more digits than it is worth, or that it is not known.
    ///
    /// - Parameter parts: how many there are in one: 1,000 for three digits.
    static func rounded(_ number: Double?, to parts: Double) -> Value {
        number.map { .double(($0 * parts).rounded() / parts) } ?? .null
    }
}

import NIOCore
import Names

/// The dead letters that were written in the last minutes.
struct RecentDeadLetters {
    /// For how long each counts.
    static let memory = TimeAmount.minutes(5)
    /// Those that come within this time count as one lot, until the last of them is too old.
    static let lot = TimeAmount.seconds(10)

    private struct Lot {
        let first: NIODeadline
        var last: NIODeadline
        var counts: DeadLetterCounts
    }

    private var total = DeadLetterCounts()
    /// In order; there are at most as many as fit into ``memory``.
    private var lots: [Lot] = []

    /// So many have been written in all by now.
    mutating func noted(_ total: DeadLetterCounts, at now: NIODeadline) {
        let added = total - self.total
        self.total = total
        self.lots.removeAll { now - $0.last >= Self.memory }
        guard !added.isZero else { return }
        if let index = self.lots.indices.last, now - self.lots[index].first < Self.lot {
            self.lots[index].last = now
            self.lots[index].counts = self.lots[index].counts + added
        } else {
            self.lots.append(Lot(first: now, last: now, counts: added))
        }
    }

    /// Those that count, as of the last ``noted(_:at:)``.
    var counts: DeadLetterCounts { self.lots.reduce(DeadLetterCounts()) { $0 + $1.counts } }

    /// What people should know of them; nothing if there are none.
    var complaints: ComplaintSummary {
        let counts = self.counts
        guard !counts.isZero else { return ComplaintSummary() }
        return ComplaintSummary(named: [
            Complaint(
                name: "dead letters",
                reason: "some were added in the last 5 minutes; wamp-sidecar dead-letter list shows them",
                figures: "\(counts.publications) of publications, \(counts.events) of events")
        ])
    }
}

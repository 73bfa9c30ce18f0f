import Names
import Postgres

/// Complains of connections for functions that can't be made although there are others: what runs has less room than
/// the file gives it. On the event loop.
final class ConnectionShortage: Part {
    private let pools: Pools

    init(of pools: Pools) {
        self.pools = pools
    }

    func follow(_ situation: Situation, from former: Situation) {}

    var faultKind: FaultKind? { .connections }

    var complaints: ComplaintSummary {
        ComplaintSummary(
            named: [
                self.complaint(of: self.pools.own, for: "calls"),
                self.complaint(of: self.pools.guests.pool, for: "functions of low roles"),
            ].compactMap(\.self))
    }

    private func complaint(of pool: Pool, for purpose: String) -> Complaint? {
        pool.shortage.map {
            Complaint(
                name: "connections",
                reason: "some for \(purpose) can't be made: \($0)",
                figures: "\(pool.missingConnections) of \(pool.openConnections + pool.missingConnections)")
        }
    }
}

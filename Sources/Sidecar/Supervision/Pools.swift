import Functions
import Names
import Postgres
import SidecarConfiguration

/// The connections that run functions: the sidecar's own, and the guest's. On the event loop.
final class Pools: Part {
    let own: Pool
    let guests: Guests

    init(own: Pool, guests: Guests) {
        self.own = own
        self.guests = guests
    }

    /// While the router accepts nothing, no results are read from the database either.
    func follow(_ situation: Situation, from former: Situation) {
        guard situation.isRouterReading != former.isRouterReading else { return }
        if situation.isRouterReading {
            self.own.resume()
            self.guests.pool.resume()
        } else {
            self.own.pause()
            self.guests.pool.pause()
        }
    }

    /// Other limits hold from now on.
    func change(_ settings: DatabaseSettings) {
        self.own.change(PoolLimits(settings))
        self.guests.pool.change(.guests(settings))
    }

    /// A backend begins or stops waiting for a call from SQL.
    func backend(_ backend: Int32, waits: Bool) {
        self.own.backend(backend, waits: waits)
        self.guests.pool.backend(backend, waits: waits)
    }

    var faultKind: FaultKind? { .guestRole }

    var complaints: ComplaintSummary {
        ComplaintSummary(named: self.guests.complaint.map { [Complaint(name: "guest role", reason: $0)] } ?? [])
    }

    func stop() {
        self.own.stop()
        self.guests.stop()
    }
}

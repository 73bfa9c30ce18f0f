import Names
import Postgres

extension Pools: Measured {
    func measure(into exposition: inout Exposition) {
        let pools = [(ConnectionSettings.Part.calls.rawValue, self.own), ("guests", self.guests.pool)]
        exposition.begin(.databaseConnections)
        for (part, pool) in pools {
            exposition.add(pool.busyConnections, part, "busy")
            exposition.add(pool.openConnections - pool.busyConnections, part, "idle")
        }
        exposition.begin(.databaseConnectionsLimit)
        exposition.add(self.own.limits.connections)
        exposition.begin(.databaseQueueLength)
        exposition.add(self.own.waitingCount)
        exposition.begin(.databaseQueueLimit)
        exposition.add(self.own.limits.queue)
        exposition.begin(.databaseQueueWait)
        exposition.add(self.own.queueWait, at: .all)
    }
}

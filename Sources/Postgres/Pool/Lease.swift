internal import NIOCore

/// One connection of the pool for as long as its holder needs it: the holder's work runs there in order, one unit
/// behind the other.
///
/// Made by ``Pool/lease(lane:handler:)``. Confined to the event loop. The holder returns it when it has nothing to
/// send, and soon when other work waits (``othersWait``); the pool ends it only when the connection is lost.
package final class Lease {
    /// Its state. Kept by the pool.
    enum State {
        case waiting
        case held(Connection, slot: Int)
        case ended
    }

    /// The source of work that it counts for.
    let lane: LaneID
    let handler: any LeaseHandler
    var state = State.waiting
    private unowned let pool: Pool

    init(lane: LaneID, handler: any LeaseHandler, pool: Pool) {
        self.lane = lane
        self.handler = handler
        self.pool = pool
    }

    /// Whether work can be sent: the lease is held, and its connection will not be closed after the running work.
    package var canSend: Bool {
        guard case .held(let connection, _) = self.state else { return false }
        return !connection.isRetiring
    }

    /// Whether other work waits for a connection.
    package var othersWait: Bool { self.pool.hasWaiting }

    /// Sends a unit of work behind the earlier ones, without waiting for them. Nothing is retried here: the handler
    /// gets the server's answer as it is.
    ///
    /// - Returns: false if nothing was sent: the connection is broken, and the handler has been called.
    package func send(_ work: Work) -> Bool {
        guard case .held(let connection, _) = self.state else { return false }
        self.pool.putInOrder(connection)
        guard connection.send(work, now: self.pool.now) else { return false }
        self.pool.flushSoon(connection)
        return true
    }

    /// Returns the connection. All work that was sent must have ended.
    package func release() {
        self.pool.release(self)
    }

    /// Has the connection closed and another one made: its session is unusable.
    package func abandon(_ reason: String) {
        guard case .held(let connection, _) = self.state else { return }
        connection.abandon(reason)
    }
}

/// The holder of a lease. All on the event loop.
package protocol LeaseHandler: AnyObject {
    /// The connection is there.
    func granted(_ lease: Lease)
    /// All results that had come have been taken: time to send more.
    func turnEnded(_ lease: Lease)
    /// The lease is over without having been returned: the connection is lost, or the pool is stopping. Each unit of
    /// work that was not answered has been ended before.
    func lost(_ lease: Lease, reason: String?)
}

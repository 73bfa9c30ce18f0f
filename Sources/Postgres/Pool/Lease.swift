internal import NIOCore

/// One connection of the pool for as long as its holder needs it: what is sent runs there in order, one unit of work
/// behind the other.
///
/// Made by ``Pool/lease(lane:handler:)``. Confined to the event loop. The holder gives it back when it has nothing to
/// send, and soon when others wait (``othersWait``); the pool takes it away only when the connection is lost.
package final class Lease {
    /// Where it is on its way. Kept by the pool.
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

    /// Whether work can be sent: it is held, and its connection is not to be closed after what runs.
    package var canSend: Bool {
        guard case .held(let connection, _) = self.state else { return false }
        return !connection.isRetiring
    }

    /// Whether other work waits for a connection.
    package var othersWait: Bool { self.pool.hasWaiting }

    /// Sends a unit of work behind what was sent before, without waiting for that. Nothing is retried here: what a
    /// handler sees is what the server said.
    ///
    /// - Returns: false if nothing was sent: the connection is broken, and the handler has been called.
    package func send(_ work: Work) -> Bool {
        guard case .held(let connection, _) = self.state else { return false }
        self.pool.putInOrder(connection)
        guard connection.send(work, now: self.pool.now) else { return false }
        self.pool.flushSoon(connection)
        return true
    }

    /// Gives the connection back. Everything that was sent has to have ended.
    package func release() {
        self.pool.release(self)
    }

    /// Has the connection closed and another one made: its session can't be used.
    package func abandon(_ reason: String) {
        guard case .held(let connection, _) = self.state else { return }
        connection.abandon(reason)
    }
}

/// The holder of a lease. All on the event loop.
package protocol LeaseHandler: AnyObject {
    /// The connection is there.
    func granted(_ lease: Lease)
    /// All results that were there have been taken: time to send more.
    func turnEnded(_ lease: Lease)
    /// The lease is over without having been given back: the connection is gone, or the pool is stopping. Each unit of
    /// work that was not answered has been ended before.
    func lost(_ lease: Lease, reason: String?)
}

internal import NIOCore

/// Connections that are lent to a holder for a while.
extension Pool {
    /// Requests a connection for the handler's own use until it returns it. The request waits in the same queue as work
    /// does, without a limit.
    ///
    /// - Parameter handler: called when the connection is there; that may be before this returns.
    package func lease(lane: LaneID, handler: any LeaseHandler) -> Lease {
        let lease = Lease(lane: lane, handler: handler, pool: self)
        guard !self.isStopped else {
            self.end(lease, reason: nil)
            return lease
        }
        if let slot = self.machine.lease(.lease(lease), lane: lane) {
            self.grant(lease, slot: slot)
        }
        self.ticker.start()
        return lease
    }

    /// Whether work waits for a connection.
    var hasWaiting: Bool { self.machine.waitingCount > 0 }

    /// Puts the session in order if something may have been left behind in it.
    func putInOrder(_ connection: Connection) {
        if connection.needsReset { connection.reset(self.cleanSession) }
    }

    /// Something was sent on this connection, outside of the queue.
    func flushSoon(_ connection: Connection) {
        self.unflushed.append(connection)
        self.flushSoon()
    }

    func release(_ lease: Lease) {
        switch lease.state {
        case .waiting:
            let isIt = { (item: Item) in if case .lease(let other) = item { other === lease } else { false } }
            _ = self.machine.withdraw(lane: lease.lane, where: isIt)
        case .held(let connection, let slot):
            self.leases[slot] = nil
            if self.isPaused { connection.pause() }
            self.machine.released(slot: slot)
            if connection.isRetiring { self.machine.retire(slot: slot) }
        case .ended:
            return
        }
        lease.state = .ended
        self.sendWhatCanBeSent()
    }

    func grant(_ lease: Lease, slot: Int) {
        guard let connection = self.keepers[slot].connection else {
            self.machine.released(slot: slot)
            return self.machine.leaseAgain(.lease(lease), lane: lease.lane)
        }
        self.leases[slot] = lease
        lease.state = .held(connection, slot: slot)
        if self.isPaused {
            // Not at once: the connection may be found broken, and the holder does not have its lease yet.
            self.environment.eventLoop.assumeIsolated().execute {
                if self.leases[slot] === lease { connection.resume() }
            }
        }
        lease.handler.granted(lease)
    }

    func end(_ lease: Lease, reason: String?) {
        lease.state = .ended
        lease.handler.lost(lease, reason: reason)
    }

    func ended(onLease work: Work, _ error: DatabaseError?, _ affectedRows: Int?, ran: TimeAmount) {
        work.ran = ran
        guard let error else { return self.end(work, .committed(affectedRows: affectedRows)) }
        // The sidecar cancels nothing here: it was the deadline, or somebody else's signal.
        let isDeadline = error.sqlstate == "57014" && ran + Self.clockTolerance >= work.timeout
        self.end(work, isDeadline ? .timedOut : .failed(error))
    }
}

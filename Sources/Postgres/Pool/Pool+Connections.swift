internal import NIOCore

/// The connections that the pool keeps, opens and closes.
extension Pool {
    func makeKeeper(slot: Int, _ environment: DatabaseEnvironment) -> ConnectionKeeper {
        ConnectionKeeper(part: self.part, slot: slot, environment: environment, owner: self)
    }

    func connected(_ connection: Connection, keeper: ConnectionKeeper) {
        self.machine.connected(slot: keeper.slot)
        if self.isPaused { connection.pause() }
        if !self.isReportedAvailable {
            self.isReportedAvailable = true
            self.observer(.callsAvailable)
        }
        self.observer(.connected(self.part, backend: connection.backend, serverVersion: connection.serverVersion))
        self.reportIfComplete()
        self.sendWhatCanBeSent()
    }

    func failed(_ failure: ConnectFailure, keeper: ConnectionKeeper) {
        guard self.isAvailable else {
            self.shortage = nil
            self.observer(.connectFailed(self.part, failure))
            return self.reportIfUnavailable(failure.description)
        }
        self.shortage = failure
        self.observer(.connectionMissing(self.part, failure))
    }

    func lost(_ connection: Connection, reason: String?, unanswered: [(work: Work, error: DatabaseError?)]) {
        guard let slot = self.slot(of: connection) else { return }
        self.cancels.disconnected(slot: slot)
        if self.machine.resume(slot: slot) { self.lookAtSparesLater() }
        if self.machine.disconnected(slot: slot) {
            self.keepers[slot].connectionEnded(reason: reason)
        } else {
            self.keepers[slot].park()
        }
        if let reason, !self.isStopped {
            self.observer(.lost(self.part, reason: reason))
            self.reportIfUnavailable(reason)
        }
        self.reportIfComplete()
        for (work, error) in unanswered {
            self.end(work, error.map { .failed($0) } ?? .unknown(reason: reason ?? "the connection was closed"))
        }
        if let lease = self.leases.removeValue(forKey: slot) { self.end(lease, reason: reason) }
        // Its lanes may use other connections now.
        if !self.isStopped { self.sendWhatCanBeSent() }
    }

    /// Reports once that the last connection is lost. One that was replaced on purpose counts as lost only after
    /// connecting again has failed.
    private func reportIfUnavailable(_ reason: String) {
        guard self.isReportedAvailable, !self.isAvailable, !self.isStopped else { return }
        self.isReportedAvailable = false
        self.observer(.callsUnavailable(reason: reason))
    }

    /// Reports once that no connection is missing any more.
    private func reportIfComplete() {
        guard self.shortage != nil, self.missingConnections == 0 else { return }
        self.shortage = nil
        self.observer(.connectionsComplete(self.part))
    }

    func finish(_ handle: ConnectionHandle) {
        self.environment.connector.finish(handle)
    }

    /// Nil if the pool does not own it any more.
    func slot(of connection: Connection) -> Int? {
        self.keepers[connection.slot].connection === connection ? connection.slot : nil
    }

    // MARK: - Their number

    /// Other limits hold from now on. What waits goes on waiting as it did. A connection that is too many is closed as
    /// soon as nothing is under way there.
    package func change(_ limits: PoolLimits) {
        self.limits = limits
        let change = self.machine.change(limits)
        guard self.hasStarted, !self.isStopped else { return }
        self.open(change.opened)
        for slot in change.closed { self.close(slot) }
        self.reportIfComplete()
        self.sendWhatCanBeSent()
    }

    func open(_ slots: [Int]) {
        self.addKeepers()
        for slot in slots { self.keepers[slot].start() }
    }

    /// The connector has a thread for each connection that there could be at the start: further ones get their own.
    private func addKeepers() {
        let slots = self.keepers.count..<self.machine.slotCount
        guard !slots.isEmpty else { return }
        let environment = self.environment.connecting(with: Connector(connections: slots.count))
        self.keepers += slots.map { self.makeKeeper(slot: $0, environment) }
        self.cancels.grow(to: self.keepers.count)
    }

    /// Closes a connection as soon as nothing is under way there. The machine sends nothing more.
    private func close(_ slot: Int) {
        guard let connection = self.keepers[slot].connection else { return self.keepers[slot].park() }
        connection.isRetiring = true
        connection.replace()
    }

    /// A backend has begun or stopped waiting for the answer to a call out of the database: the called procedure may
    /// call back into this database, so its connection does not count meanwhile. Backends of others are ignored.
    package func backend(_ backend: Int32, waits: Bool) {
        guard !self.isStopped, let slot = self.keepers.firstIndex(where: { $0.connection?.backend == backend }) else {
            return
        }
        if waits {
            self.open(self.machine.suspend(slot: slot))
        } else if self.machine.resume(slot: slot) {
            self.lookAtSparesLater()
        }
        self.sendWhatCanBeSent()
    }

    private func lookAtSparesLater() {
        guard !self.isStopped else { return }
        self.spareCheck = self.environment.eventLoop.assumeIsolated().scheduleTask(in: Self.sparePatience) {
            let (closed, looksAgain) = self.machine.lookAtSpares()
            for slot in closed { self.close(slot) }
            self.reportIfComplete()
            if looksAgain { self.lookAtSparesLater() }
        }
    }
}

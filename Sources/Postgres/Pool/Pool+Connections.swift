internal import NIOCore

/// The connections that the pool keeps, and the spare ones that it opens and closes.
extension Pool {
    func connected(_ connection: Connection, keeper: ConnectionKeeper) {
        self.machine.connected(slot: keeper.slot)
        if self.isPaused { connection.pause() }
        if !self.isReportedAvailable {
            self.isReportedAvailable = true
            self.observer(.callsAvailable)
        }
        self.observer(.connected(self.part, backend: connection.backend, serverVersion: connection.serverVersion))
        self.sendWhatCanBeSent()
    }

    func failed(_ failure: ConnectFailure, keeper: ConnectionKeeper) {
        self.observer(.connectFailed(self.part, failure))
        self.reportIfUnavailable(failure.description)
    }

    func lost(_ connection: Connection, reason: String?, unanswered: [(work: Work, error: DatabaseError?)]) {
        guard let slot = self.slot(of: connection) else { return }
        self.cancels.disconnected(slot: slot)
        self.machine.disconnected(slot: slot)
        self.keepers[slot].connectionEnded(reason: reason)
        if let reason, !self.isStopped {
            self.observer(.lost(self.part, reason: reason))
            self.reportIfUnavailable(reason)
        }
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

    func finish(_ handle: ConnectionHandle) {
        self.environment.connector.finish(handle)
    }

    /// Nil if the pool does not own it any more.
    func slot(of connection: Connection) -> Int? {
        self.keepers[connection.slot].connection === connection ? connection.slot : nil
    }

    // MARK: - Spare connections

    /// A backend has begun or stopped waiting for the answer to a call out of the database: the called procedure may
    /// call back into this database, so its connection does not count meanwhile. Backends of others are ignored.
    package func backend(_ backend: Int32, waits: Bool) {
        guard !self.isStopped, let slot = self.keepers.firstIndex(where: { $0.connection?.backend == backend }) else {
            return
        }
        if waits {
            self.machine.suspend(slot: slot)
            for spare in self.spares.suspended(wanted: self.wantedSpares) { self.keepers[spare].start() }
        } else {
            self.machine.resume(slot: slot)
            if self.spares.resumed() { self.lookAtSparesLater() }
        }
        self.sendWhatCanBeSent()
    }

    private var wantedSpares: Int { self.machine.wantedSlots - self.limits.connections }

    private func lookAtSparesLater() {
        self.spareCheck = self.environment.eventLoop.assumeIsolated().scheduleTask(in: Self.sparePatience) {
            self.lookAtSpares()
        }
    }

    private func lookAtSpares() {
        let idle = self.keepers.indices.filter { self.machine.isIdle(slot: $0) }
        let (closed, looksAgain) = self.spares.looked(wanted: self.wantedSpares, idle: idle)
        for slot in closed {
            self.keepers[slot].stop()
            self.machine.disconnected(slot: slot)
            self.keepers[slot] = self.makeKeeper(slot: slot)
        }
        if looksAgain { self.lookAtSparesLater() }
    }
}

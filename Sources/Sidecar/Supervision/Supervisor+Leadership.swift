import CallPort
import NIOCore
import Postgres
import SQLInterface
import SidecarConfiguration

/// Leading: what must happen once among several sidecars on one database.
extension Supervisor: LeadershipOwner {
    /// The interface may be installed, upgraded and dropped while the sidecar runs: each new session looks again.
    func leaderSessionOpened(backend: Int32, serverVersion: Int32, interface: SelfInstallation.Outcome) {
        self.observe(.database(.connected(.leader, backend: backend, serverVersion: serverVersion)))
        self.nextLook?.cancel()
        self.interfaceIsKnown(interface)
        if interface.state.usable == nil { self.lookAgainLater(after: interface.footprint) }
    }

    /// How often it is looked whether an interface that can't be used has changed.
    private static let lookInterval = TimeAmount.seconds(30)

    /// An administrator may install it at any time.
    private func lookAgainLater(after footprint: String?) {
        self.nextLook?.cancel()
        self.nextLook = self.eventLoop.assumeIsolated().scheduleTask(in: Self.lookInterval) {
            var values = Parameters()
            values.append(self.configuration.database.schema)
            self.control.query(SelfInstallation.footprint, values) { result in
                guard self.interface?.usable == nil else { return }
                guard case .success(let rows) = result, (rows.values.first?.first ?? nil) != footprint else {
                    return self.lookAgainLater(after: footprint)
                }
                self.leadership.begin(anew: "the SQL interface has changed")
            }
        }
    }

    /// How each new session for leading looks at the interface.
    static func look(_ database: DatabaseSettings) -> Leadership.Look {
        let installation = SelfInstallation(database)
        return { connection in try installation.run(on: connection) }
    }

    private func interfaceIsKnown(_ outcome: SelfInstallation.Outcome) {
        if self.interface != outcome.state || !outcome.done.isEmpty { self.observe(.interface(outcome)) }
        self.interface = outcome.state
        self.interfaceComplaints = outcome.faults(of: self.configuration).map {
            Complaint(name: "SQL interface", reason: $0)
        }
        let isUsable = outcome.state.usable != nil
        self.subscriptions.isInstalled = isUsable
        self.registrations.interface(isInstalled: isUsable)
        if isUsable { self.listener.listen(to: self.keys.mappingChannel) }
        self.leadership.sessionIsKnown(
            schema: outcome.state.usable.map { _ in SQLText.identifier(self.configuration.database.schema) })
        self.changed()
    }

    func leaderSessionFailed(_ failure: ConnectFailure) {
        self.observe(.database(.connectFailed(.leader, failure)))
    }

    func leaderSessionLost(_ reason: String?) {
        if let reason { self.observe(.database(.lost(.leader, reason: reason))) }
    }

    func startedLeading(_ session: DatabaseSession) {
        guard self.interface?.usable != nil else { return }
        self.outbox.lead(session)
        self.deadLetters.begin()
        self.announcement.begin(session)
        self.portYield.begin(session)
    }

    func stoppedLeading() {
        self.outbox.stopLeading()
        self.deadLetters.end()
        self.announcement.end()
        self.portYield.end()
    }

    func roleChanged(_ role: Leadership.Role) {
        switch role {
        case .unknown:
            self.suspend()
        case .leader(let continued):
            self.observe(.leading)
            if !continued { self.dropWhatWaits() }
            self.act(.here)
        case .standby(let holder):
            self.observe(.standby(holder))
            self.dropWhatWaits()
            // Calls go to the other one's port; what is asked here is sent there.
            self.caller?.key = nil
            self.act(.elsewhere)
        }
        // Not before all have begun to do what that means: none is ready of itself.
        self.readiness.leadership(isKnown: role != .unknown)
        self.changed()
    }

    func leadershipGivenUp() {
        self.readiness.leadership(isKnown: false)
        self.act(.elsewhere)
        self.changed()
    }

    /// The database may be back in a moment, and nobody else may lead: nothing is taken back, and nothing run.
    private func suspend() {
        self.act(.suspended)
        self.handOver = self.eventLoop.assumeIsolated().scheduleTask(in: Self.suspensionPatience) {
            guard self.leadership.role == .unknown, self.leadership.hasStandbys else { return }
            // One of those that stood by leads by now.
            self.callee.lead(is: .elsewhere)
            self.subscriptions.withdraw()
        }
    }

    /// How long the router is left as it is while it is not known who leads, if others stood by.
    private static let suspensionPatience = TimeAmount.seconds(3)

    /// Another sidecar leads, or has led meanwhile: what came since this one lost the lease came to that one too.
    private func dropWhatWaits() {
        let events = self.subscriptions.dropWhatWaits()
        let notifications = self.notifications.dropWhatWaits()
        guard events > 0 || notifications > 0 else { return }
        self.observe(.leftToLeader(events: events, notifications: notifications))
    }

    /// Begins, suspends or ends what must happen once, but needs no session of its own.
    private func act(_ acting: Acting) {
        self.handOver?.cancel()
        self.handOver = nil
        switch acting {
        case .here: self.callee.lead(is: .here)
        case .suspended: break
        case .elsewhere: self.callee.lead(is: .elsewhere)
        }
        self.notifications.act(acting)
        self.subscriptions.act(acting)
    }

    func leaderLockTaken(by stranger: Stranger) {
        self.observe(.leaderLockTaken(stranger))
    }

    func leaderTerminated(_ pid: Int32) {
        self.observe(.leaderTerminated(backend: pid))
    }

    func leaderNotified(channel: String) {
        self.outbox.notified(channel: channel)
    }
}

import NIOCore
import Postgres
import SidecarConfiguration

/// Leading: what must happen once among several sidecars on one database.
extension Supervisor: LeadershipOwner {
    func leaderSessionOpened(backend: Int32, serverVersion: Int32) {
        self.observe(.database(.connected(.leader, backend: backend, serverVersion: serverVersion)))
        self.lookAtInterface()
    }

    /// How often an interface that can't be used is looked at again.
    private static let lookInterval = TimeAmount.seconds(30)

    /// The interface may be installed, upgraded and dropped while the sidecar runs: each new session looks again.
    private func lookAtInterface() {
        self.look { result in
            switch result {
            case .success(let outcome):
                self.interfaceIsKnown(outcome)
                if outcome.state.usable == nil { self.lookAgainLater() }
            case .failure(let error):
                self.leadership.begin(anew: "the SQL interface could not be looked at: \(error)")
            }
        }
    }

    private func look(completion: @escaping (Result<SelfInstallation.Outcome, any Error>) -> Void) {
        let database = self.configuration.database
        SelfInstallation.run(
            self.environment.settings, schema: database.schema, grantTo: database.grantTo,
            registerTo: database.registerTo, on: self.environment.connector, eventLoop: self.eventLoop
        ).assumeIsolated().whenComplete(completion)
    }

    /// An administrator may install it at any time.
    private func lookAgainLater() {
        self.nextLook?.cancel()
        self.nextLook = self.eventLoop.assumeIsolated().scheduleTask(in: Self.lookInterval) {
            self.look { result in
                if case .success(let outcome) = result, outcome.state.usable != nil {
                    return self.leadership.begin(anew: "the SQL interface can be used now")
                }
                self.lookAgainLater()
            }
        }
    }

    private func interfaceIsKnown(_ outcome: SelfInstallation.Outcome) {
        if self.interface != outcome.state || !outcome.done.isEmpty { self.observe(.interface(outcome)) }
        self.interface = outcome.state
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
            self.callee.hold(singles: .elsewhere)
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
        case .here: self.callee.hold(singles: .here)
        case .suspended: break
        case .elsewhere: self.callee.hold(singles: .elsewhere)
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

import Postgres

/// Leading: what must happen once among several sidecars on one database.
extension Supervisor: LeadershipOwner {
    func leaderSessionOpened(backend: Int32, serverVersion: Int32) {
        self.observe(.database(.connected(.leader, backend: backend, serverVersion: serverVersion)))
        self.lookAtInterface()
    }

    func leaderSessionFailed(_ failure: ConnectFailure) {
        self.observe(.database(.connectFailed(.leader, failure)))
    }

    func leaderSessionLost(_ reason: String?) {
        if let reason { self.observe(.database(.lost(.leader, reason: reason))) }
    }

    func startedLeading(_ session: DatabaseSession) {
        if self.interface.isUsable { self.outbox.lead(session) }
    }

    func stoppedLeading() {
        self.outbox.stopLeading()
    }

    func roleChanged(_ role: Leadership.Role) {
        switch role {
        case .unknown: break
        case .leader: self.observe(.leading)
        case .standby(let holder): self.observe(.standby(holder))
        }
        self.changed()
    }

    func leaderTerminated(_ pid: Int32) {
        self.observe(.leaderTerminated(backend: pid))
    }

    func leaderNotified(channel: String) {
        self.outbox.notified(channel: channel)
    }
}

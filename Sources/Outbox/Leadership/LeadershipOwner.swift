package import Postgres

/// The one for which this sidecar leads, or another does. On the event loop.
package protocol LeadershipOwner: AnyObject {
    /// There is a new session for leading, prepared: ``Leadership/sessionIsKnown(isInstalled:)`` has to be called.
    func leaderSessionOpened(backend: Int32, serverVersion: Int32)
    func leaderSessionFailed(_ failure: ConnectFailure)
    /// The session is gone; `reason` is nil if it was replaced on purpose.
    func leaderSessionLost(_ reason: String?)
    /// This sidecar leads, by this session, until ``stoppedLeading()``.
    func startedLeading(_ session: DatabaseSession)
    func stoppedLeading()
    func roleChanged(_ role: Leadership.Role)
    /// The lease was given back, for want of a router or because the process ends: who leads next is not this sidecar's
    /// to decide.
    func leadershipGivenUp()
    func leaderNotified(channel: String)
}

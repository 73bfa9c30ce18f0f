package import NIOCore
package import Postgres

/// The owner of the leadership, which learns who leads. On the event loop.
package protocol LeadershipOwner: AnyObject {
    /// There is a new session for leading, prepared: ``Leadership/sessionIsKnown(isInstalled:)`` must be called.
    func leaderSessionOpened(backend: Int32, serverVersion: Int32)
    func leaderSessionFailed(_ failure: ConnectFailure)
    /// The session is lost; `reason` is nil if it was replaced on purpose.
    func leaderSessionLost(_ reason: String?)
    /// This sidecar leads, by this session, until ``stoppedLeading()``.
    func startedLeading(_ session: any LeaderSession)
    func stoppedLeading()
    /// Before that moment no other sidecar can have the lease that this one has. Called before
    /// ``roleChanged(_:)`` when leading begins, and again and again while it goes on.
    func leaseProven(until end: NIODeadline)
    func roleChanged(_ role: Leadership.Role)
    /// The lease was returned, for lack of a router or because the process ends: the next leader may be another
    /// sidecar.
    func leadershipGivenUp()
    func leaderNotified(channel: String)
}

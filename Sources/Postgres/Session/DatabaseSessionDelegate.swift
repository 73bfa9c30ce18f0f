/// Who a session works for. On the event loop.
package protocol DatabaseSessionDelegate: AnyObject {
    /// A new session: nothing of an older one is left.
    func connected(_ session: DatabaseSession, backend: Int32, serverVersion: Int32)
    /// An attempt to connect failed; more will be made.
    func connectFailed(_ session: DatabaseSession, _ failure: ConnectFailure)
    /// The session is gone, with its locks. `reason` is nil if it was replaced on purpose.
    func lost(_ session: DatabaseSession, reason: String?)
    /// A notification came on a channel that the session listens to.
    func notified(_ session: DatabaseSession, channel: String)
}

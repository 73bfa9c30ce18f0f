/// The user of a session. On the event loop.
package protocol DatabaseSessionDelegate: AnyObject {
    /// A new session has begun; the state of the older one is lost.
    func connected(_ session: DatabaseSession, backend: Int32, serverVersion: Int32)
    /// An attempt to connect failed; further ones follow.
    func connectFailed(_ session: DatabaseSession, _ failure: ConnectFailure)
    /// The session is lost, with its locks, and each statement that was not answered has been ended. `reason` is nil if
    /// it was replaced on purpose.
    func lost(_ session: DatabaseSession, reason: String?)
    /// A notification came on a channel that the session listens to.
    func notified(_ session: DatabaseSession, channel: String)
    /// The same, with its payload, whose bytes are valid only during the call.
    func notified(_ session: DatabaseSession, channel: String, payload: UnsafeRawBufferPointer)
}

extension DatabaseSessionDelegate {
    package func connectFailed(_ session: DatabaseSession, _ failure: ConnectFailure) {}

    package func notified(_ session: DatabaseSession, channel: String) {}

    package func notified(_ session: DatabaseSession, channel: String, payload: UnsafeRawBufferPointer) {
        self.notified(session, channel: channel)
    }
}

/// What the port has to tell.
package enum CallPortEvent: Sendable, Equatable {
    /// Clients can connect.
    case listening(address: String)
    /// They can't; it is tried again.
    case notListening(address: String, reason: String, retryInSeconds: Int64)
    /// Wrong password, or no such user. Counted since the start.
    case authenticationFailed(user: String, from: String, total: Int)
    /// No descriptor is left for a client; none is accepted for a moment.
    case cannotAccept(reason: String)
    /// The process may not have as many descriptors open as the file wants clients.
    case fewerSessions(wanted: Int, possible: Int)
    /// More clients than there may be.
    case tooManySessions(limit: Int)
    /// Somebody who does not speak the protocol, or wants of it what we don't have.
    case refused(from: String, reason: String)
}

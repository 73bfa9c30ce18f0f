/// What the port has to tell.
package enum CallPortEvent: Sendable, Equatable {
    /// What becomes of the socket at which clients arrive.
    case port(PortEvent)
    /// Wrong password, or no such user. Counted since the start.
    case authenticationFailed(user: String, from: String, total: Int)
    /// The process may not have as many descriptors open as the file wants clients.
    case fewerSessions(wanted: Int, possible: Int)
    /// More clients than there may be.
    case tooManySessions(limit: Int)
    /// Somebody who does not speak the protocol, or wants of it what we don't have.
    case refused(from: String, reason: String)
}

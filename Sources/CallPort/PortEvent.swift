/// What a socket at which clients arrive has to tell.
package enum PortEvent: Sendable, Equatable {
    /// Clients can connect.
    case listening(address: String)
    /// They can't; it is tried again.
    case notListening(address: String, reason: String, retryInSeconds: Int64)
    /// No descriptor is left for a client; none is accepted for a moment.
    case cannotAccept(reason: String)
}

/// What became of something that was to be sent.
package enum SendOutcome: Sendable, Equatable {
    /// It is in the output buffer, in order.
    case sent
    /// Nothing was sent: it is larger than what the router takes. In octets.
    case tooLarge(size: Int, limit: Int)
    /// Nothing was sent: the session is over.
    case sessionClosed
}

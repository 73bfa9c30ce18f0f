/// The result of sending a message.
package enum SendOutcome: Sendable, Equatable {
    /// It is in the output buffer, in order.
    case sent
    /// Nothing was sent: the message is larger than the router accepts. In octets.
    case tooLarge(size: Int, limit: Int)
    /// Nothing was sent: the session is over.
    case sessionClosed
}

/// What to do about a received message.
package enum ReceivedAction: Sendable, Equatable {
    /// The session is open: register and subscribe.
    case joined(Welcome)
    /// Compute the answer (see ``Authentication``), then call ``SessionStateMachine/authenticate(_:)`` or
    /// ``SessionStateMachine/refuse(_:)``.
    case challenged(Challenge)
    /// The router refuses the session. Close the connection.
    case refused(Abort)
    /// The router broke the session off. Close the connection.
    case aborted(Abort)
    /// The router ended the session. Send the reply, nothing after it, and close the connection.
    case ended(Goodbye, reply: Goodbye)
    /// The router answered our GOODBYE. Close the connection.
    case closed
    /// The router violated the protocol. Send this, and close the connection.
    case violation(Abort)
    /// A request of ours is answered.
    case answered(RequestID, RequestAnswer)
    /// The router revoked a registration: try to get it back after a while.
    case registrationRevoked(RegistrationID, reason: String?)
    /// The router revoked a subscription, with all its references: try to get it back after a while.
    case subscriptionRevoked(SubscriptionID, reason: String?)
    /// A call for us.
    case invocation(Invocation)
    /// An invocation is canceled. If it was answered already, do nothing.
    case interrupt(Interrupt)
    /// An event of a subscription of ours.
    case event(Event)
    /// Only count it.
    case drop(SilentDrop)
}

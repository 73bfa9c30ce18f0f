/// What to do about a received message.
package enum ReceivedAction: Sendable, Equatable {
    /// The session is open: register and subscribe.
    case joined(Welcome)
    /// Compute the answer (see ``Authentication``), then say ``SessionStateMachine/authenticate(_:)`` or
    /// ``SessionStateMachine/refuse(_:)``.
    case challenged(Challenge)
    /// The router does not let us in. Close the connection.
    case refused(Abort)
    /// The router broke the session off. Close the connection.
    case aborted(Abort)
    /// The router ended the session. Send the reply, nothing after it, and close the connection.
    case ended(Goodbye, reply: Goodbye)
    /// The router answered our GOODBYE. Close the connection.
    case closed
    /// The router did what the protocol does not allow. Send this, and close the connection.
    case violation(Abort)
    /// A request of ours is answered.
    case answered(RequestID, RequestAnswer)
    /// The router took a registration away: try to get it back after a while.
    case registrationRevoked(RegistrationID, reason: String?)
    /// The router took a subscription away, with all its references: try to get it back after a while.
    case subscriptionRevoked(SubscriptionID, reason: String?)
    /// A call for us.
    case invocation(Invocation)
    /// An invocation is taken back. It may be one that was answered already: then nothing is to be done.
    case interrupt(Interrupt)
    /// An event of a subscription of ours.
    case event(Event)
    /// Nothing but counting it.
    case drop(SilentDrop)
}

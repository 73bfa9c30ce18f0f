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

/// How a request of ours came out.
package enum RequestAnswer: Sendable, Equatable {
    /// A PUBLISH was acknowledged.
    case published(PublicationID)
    /// A SUBSCRIBE succeeded; it counts as one reference to the subscription.
    case subscribed(SubscriptionID)
    /// An UNSUBSCRIBE succeeded. It also ended the given number of references that were taken after it was asked for
    /// and before the router did it: those have to subscribe again.
    case unsubscribed(lost: Int)
    /// A REGISTER succeeded.
    case registered(RegistrationID)
    /// An UNREGISTER succeeded.
    case unregistered
    /// A CALL returned a part of its result; more follows.
    case progress(CallResult)
    /// A CALL returned.
    case result(CallResult)
    /// Any of them failed.
    case failed(ErrorMessage)

    /// True if no further answer to the same request follows.
    package var isFinal: Bool {
        switch self {
        case .progress: false
        case .published, .subscribed, .unsubscribed, .registered, .unregistered, .result, .failed: true
        }
    }
}

/// The legitimate races: messages that are nobody's fault and mean nothing any more.
package enum SilentDrop: String, Sendable, Hashable, CaseIterable {
    /// The answer to a request that we gave up, or that was answered before.
    case lateAnswer = "late_answer"
    /// The answer to a request that was never made.
    case unknownAnswer = "unknown_answer"
    /// An event that was on its way when we unsubscribed.
    case eventAfterUnsubscribe = "event_after_unsubscribe"
    /// A revocation of what we have just given back.
    case lateRevocation = "late_revocation"
    /// Anything that was on its way when we said GOODBYE.
    case afterGoodbye = "after_goodbye"
    /// Anything after the session's end.
    case afterEnd = "after_end"
    /// A router's own extension.
    case unknownExtension = "unknown_extension"
}

/// What to do when a reference to a subscription is given up.
package enum UnsubscribeAction: Sendable, Equatable {
    /// It was the last one: send UNSUBSCRIBE with this id.
    case send(RequestID)
    /// Others still hold it: nothing to be sent.
    case released
    /// There is no such subscription (any more), or no session.
    case unknown
}

/// What to do when the session is to be ended by us.
package enum CloseAction: Sendable, Equatable {
    /// Send this, wait a few seconds for ``ReceivedAction/closed``, then close the connection.
    case send(Goodbye)
    /// Close the connection: there is no session to say goodbye to.
    case closeConnection
    /// It is being closed.
    case wait
}

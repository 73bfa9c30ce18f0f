/// The outcome of a request of ours.
package enum RequestAnswer: Sendable, Equatable {
    /// A PUBLISH was acknowledged.
    case published(PublicationID)
    /// A SUBSCRIBE succeeded; it counts as one reference to the subscription.
    case subscribed(SubscriptionID)
    /// An UNSUBSCRIBE succeeded. It also ended the given number of references that were taken after it was sent and
    /// before the router handled it: their holders have to subscribe again.
    case unsubscribed(lost: Int)
    /// A REGISTER succeeded.
    case registered(RegistrationID)
    /// An UNREGISTER succeeded.
    case unregistered
    /// A CALL returned a part of its result; more follows.
    case progress(CallResult)
    /// A CALL returned.
    case result(CallResult)
    /// Any of the requests failed.
    case failed(ErrorMessage)

    /// True if no further answer to the same request follows.
    package var isFinal: Bool {
        switch self {
        case .progress: false
        case .published, .subscribed, .unsubscribed, .registered, .unregistered, .result, .failed: true
        }
    }
}

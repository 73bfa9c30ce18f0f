/// What to do when a reference to a subscription is given up.
package enum UnsubscribeAction: Sendable, Equatable {
    /// It was the last one: send UNSUBSCRIBE with this id.
    case send(RequestID)
    /// Others still hold the subscription: send nothing.
    case released
    /// There is no such subscription (any more), or no session.
    case unknown
}

/// No more events will come: `[35, request]` as an answer, `[35, 0, {subscription, reason?}]` as a revocation.
package enum Unsubscribed: Sendable, Equatable {
    /// The answer to an UNSUBSCRIBE.
    case answer(RequestID)
    /// The router revoked the subscription.
    case revoked(SubscriptionID, reason: String?)
}

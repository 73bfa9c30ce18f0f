/// No more events will come: `[35, request]` as an answer, `[35, 0, {subscription, reason?}]` unasked.
package enum Unsubscribed: Sendable, Equatable {
    /// The answer to an UNSUBSCRIBE.
    case answer(RequestID)
    /// The router took the subscription away.
    case revoked(SubscriptionID, reason: String?)
}

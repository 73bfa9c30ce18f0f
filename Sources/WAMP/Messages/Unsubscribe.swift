/// Gives a subscription back: `[34, request, subscription]`.
package struct Unsubscribe: Sendable, Equatable {
    /// The id that the answer repeats.
    package var request: RequestID
    /// Which subscription.
    package var subscription: SubscriptionID

    /// Takes the elements in the order of the message.
    package init(request: RequestID, subscription: SubscriptionID) {
        self.request = request
        self.subscription = subscription
    }
}

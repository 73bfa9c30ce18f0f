/// Events will come: `[33, request, subscription]`.
package struct Subscribed: Sendable, Equatable {
    /// The SUBSCRIBE.
    package var request: RequestID
    /// The id that the events will name; the same for each SUBSCRIBE of the same topic and policy.
    package var subscription: SubscriptionID

    /// Takes the elements in the order of the message.
    package init(request: RequestID, subscription: SubscriptionID) {
        self.request = request
        self.subscription = subscription
    }
}

/// An event: `[36, subscription, publication, details, arguments?, keywordArguments?]`.
package struct Event: Sendable, Equatable {
    /// The subscription that it belongs to.
    package var subscription: SubscriptionID
    /// The event's id; the same for each of several subscriptions that match.
    package var publication: PublicationID
    /// The topic (for a pattern), the publisher as far as it is disclosed, `retained`.
    package var details: Details
    /// The event itself. Look at ``Payload/fault`` first.
    package var payload: Payload

    /// Takes the elements in the order of the message.
    package init(
        subscription: SubscriptionID, publication: PublicationID, details: Details = .empty, payload: Payload = .empty
    ) {
        self.subscription = subscription
        self.publication = publication
        self.details = details
        self.payload = payload
    }
}

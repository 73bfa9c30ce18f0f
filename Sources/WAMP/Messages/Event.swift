/// An event: `[36, subscription, publication, details, arguments?, keywordArguments?]`.
package struct Event: Sendable, Equatable {
    /// Why we get it.
    package var subscription: SubscriptionID
    /// Which event; the same where several subscriptions match.
    package var publication: PublicationID
    /// The topic (of a pattern's events), the publisher as far as it is disclosed, `retained`.
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

/// The section `outbox`: the sending of events that SQL published.
package struct OutboxSettings: Sendable, Equatable {
    /// The keyword argument with the event's uuid, so that receivers can drop duplicates; nil: none.
    package let eventID: String?

    /// The most rows of one read.
    package let batch: Int

    /// How long the router may take to acknowledge an event.
    package let acknowledgeTimeout: Duration

    /// How often an event that the router refuses for the moment is sent before it becomes a dead letter.
    package let attempts: Int
}

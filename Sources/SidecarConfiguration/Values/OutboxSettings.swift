/// The section `outbox`: how events that SQL published are sent.
package struct OutboxSettings: Sendable, Equatable {
    /// The keyword argument that carries the event's uuid, so that receivers can drop doubles; nil: none does.
    package let eventID: String?

    /// How many rows are read at once.
    package let batch: Int

    /// How long the router may take to say that it has an event.
    package let acknowledgeTimeout: Duration

    /// How often an event is sent that the router refuses for the moment, before it becomes a dead letter.
    package let attempts: Int
}

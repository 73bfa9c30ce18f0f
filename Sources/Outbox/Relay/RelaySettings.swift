package import NIOCore

/// How events that SQL published are sent.
package struct RelaySettings: Sendable, Equatable {
    /// The keyword argument that carries the event's uuid, so that receivers can drop doubles; nil: none does.
    package var eventID: String?
    /// How many rows are read at once.
    package var batch: Int
    /// How long the router may take to say that it has an event.
    package var acknowledgeTimeout: TimeAmount
    /// How often an event is sent that the router refuses for the moment, before it becomes a dead letter.
    package var attempts: Int

    package init(eventID: String?, batch: Int, acknowledgeTimeout: TimeAmount, attempts: Int) {
        self.eventID = eventID
        self.batch = batch
        self.acknowledgeTimeout = acknowledgeTimeout
        self.attempts = attempts
    }
}

package import NIOCore

/// How events that SQL published are sent.
package struct RelaySettings: Sendable, Equatable {
    /// The keyword argument with the event's uuid, so that receivers can drop duplicates; nil: none.
    package var eventID: String?
    /// The most rows of one read.
    package var batch: Int
    /// How long the router may take to acknowledge an event.
    package var acknowledgeTimeout: TimeAmount
    /// How often an event that the router refuses for the moment is sent before it becomes a dead letter.
    package var attempts: Int

    package init(eventID: String?, batch: Int, acknowledgeTimeout: TimeAmount, attempts: Int) {
        self.eventID = eventID
        self.batch = batch
        self.acknowledgeTimeout = acknowledgeTimeout
        self.attempts = attempts
    }
}

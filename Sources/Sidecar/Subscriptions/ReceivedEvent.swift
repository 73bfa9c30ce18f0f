import NIOCore
import WAMP

/// One EVENT on its way to a function.
struct ReceivedEvent {
    /// Its arguments.
    let payload: Payload
    /// What the function is told of it: a JSON object. See ``EventDetails``.
    let details: Details
    /// The topic it was published to.
    let topic: String
    /// The dead letter that it was taken out of; nil if it has just come.
    let letter: Int64?
    /// When it came.
    let arrived: NIODeadline
    /// Its place in the budget of all that came from the router, as long as it is held anywhere; nil for what came from the database.
    var share: RouterBudget.Share?

    /// What it counts for in the bounds, in octets: its texts, and what holds them.
    var size: Int { self.payload.byteCount + self.details.text.readableBytes + Self.overhead }

    private static let overhead = 200

    /// See ``Payload/compacted(always:)``.
    func compacted(always: Bool) -> ReceivedEvent {
        ReceivedEvent(
            payload: self.payload.compacted(always: always), details: self.details, topic: self.topic,
            letter: self.letter, arrived: self.arrived, share: self.share)
    }
}

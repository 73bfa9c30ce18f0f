import NIOCore
import WAMP

/// One EVENT on its way to a function.
struct ReceivedEvent {
    /// Its arguments.
    private(set) var payload: Payload
    /// The function's information about it: a JSON object. See ``EventDetails``.
    let details: Details
    /// The topic of its publication.
    let topic: String
    /// The dead letter that it was taken from; nil if it comes from the router.
    let letter: Int64?
    /// When it came.
    let arrived: NIODeadline
    /// Its place in the budget of messages from the router, as long as it is held anywhere; nil for one from the
    /// database.
    var share: RouterBudget.Share?

    /// Its size for the limits, in octets: its texts, and the objects that hold them.
    var size: Int { self.payload.byteCount + self.details.text.readableBytes + Self.overhead }

    private static let overhead = 200

    /// See ``Payload/compact(always:)``.
    mutating func compact(always: Bool) {
        self.payload.compact(always: always)
    }
}

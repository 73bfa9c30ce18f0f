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
    /// Its place in the budget of all that came from the router, as long as it is held anywhere; nil for what came from the database.
    var share: RouterBudget.Share?

    /// What it counts for in the bounds, in octets: its texts, and what holds them.
    var size: Int { self.payload.byteCount + self.details.text.readableBytes + Self.overhead }

    private static let overhead = 200

    /// See ``Payload/compacted(always:)``.
    func compacted(always: Bool) -> ReceivedEvent {
        ReceivedEvent(
            payload: self.payload.compacted(always: always), details: self.details, topic: self.topic,
            letter: self.letter, share: self.share)
    }
}

/// The details of an event as functions get them: `topic`, `publication`, and, as far as the router tells, `publisher`,
/// `publisher_authid`, `publisher_authrole`, `retained`.
enum EventDetails {
    private static let disclosed = ["publisher", "publisher_authid", "publisher_authrole", "retained"]

    /// - Parameter topic: what was subscribed to, for routers that leave the topic out where it is no pattern.
    static func make(_ event: Event, topic: String) -> (details: Details, topic: String) {
        let isPlain = event.details.isEmpty
        let topic = isPlain ? topic : event.details.string("topic") ?? topic
        var text = ByteBufferAllocator().buffer(capacity: topic.utf8.count + 48)
        text.writeStaticString("{\"topic\":")
        JSON.write(string: topic, into: &text)
        text.writeStaticString(",\"publication\":")
        text.writeString(event.publication.description)
        if !isPlain {
            for key in self.disclosed {
                guard let element = event.details.element(key), !element.containsNUL else { continue }
                text.writeStaticString(",\"")
                text.writeString(key)
                text.writeStaticString("\":")
                text.writeImmutableBuffer(element.text)
            }
        }
        text.writeStaticString("}")
        return (Details(text: text), topic)
    }
}

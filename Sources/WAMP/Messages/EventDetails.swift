internal import NIOCore

/// The details of an event as functions get them: `topic`, `publication`, and, as far as the router tells, `publisher`,
/// `publisher_authid`, `publisher_authrole`, `retained`.
package enum EventDetails {
    /// - Parameter topic: what was subscribed to, for routers that leave the topic out where it is no pattern.
    package static func make(
        _ facts: EventFacts, publication: PublicationID, topic: String
    ) -> (details: Details, topic: String) {
        let topic = facts.topic ?? topic
        var text = ByteBufferAllocator().buffer(capacity: topic.utf8.count + 48)
        text.writeStaticString("{\"topic\":")
        JSON.write(string: topic, into: &text)
        text.writeStaticString(",\"publication\":")
        text.writeString(publication.description)
        self.write("publisher", facts.publisher, into: &text)
        self.write("publisher_authid", facts.publisherAuthid, into: &text)
        self.write("publisher_authrole", facts.publisherAuthrole, into: &text)
        self.write("retained", facts.retained, into: &text)
        text.writeStaticString("}")
        return (Details(text: text), topic)
    }

    private static func write(_ key: StaticString, _ value: ByteBuffer?, into text: inout ByteBuffer) {
        guard let value else { return }
        text.writeStaticString(",\"")
        text.writeStaticString(key)
        text.writeStaticString("\":")
        text.writeImmutableBuffer(value)
    }
}

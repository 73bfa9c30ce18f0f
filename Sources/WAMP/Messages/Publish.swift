package import Names

/// An event: `[16, request, options, topic, arguments?, keywordArguments?]`.
package struct Publish: Sendable, Equatable {
    /// The id that the acknowledgement repeats.
    package var request: RequestID
    /// The receivers, and whether the event is acknowledged.
    package var options: PublishOptions
    /// The topic.
    package var topic: URI
    /// The event itself.
    package var payload: Payload

    /// Takes the elements in the order of the message.
    package init(request: RequestID, options: PublishOptions, topic: URI, payload: Payload = .empty) {
        self.request = request
        self.options = options
        self.topic = topic
        self.payload = payload
    }
}

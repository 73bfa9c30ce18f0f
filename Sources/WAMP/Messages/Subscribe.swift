package import Names

/// Asks for events: `[32, request, options, topic]`.
package struct Subscribe: Sendable, Equatable {
    /// The id that the answer repeats.
    package var request: RequestID
    /// How the topic is compared.
    package var options: SubscribeOptions
    /// The topic, or a pattern.
    package var topic: URI

    /// Takes the elements in the order of the message.
    package init(request: RequestID, options: SubscribeOptions, topic: URI) {
        self.request = request
        self.options = options
        self.topic = topic
    }
}

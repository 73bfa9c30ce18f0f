package import WAMP

/// The kind that a WebSocket message declares (RFC 6455 section 5.6): with WAMP, the serializer's choice.
package enum WebSocketMessageKind: Sendable, Hashable {
    /// UTF-8.
    case text
    /// Octets.
    case binary
}

extension SerializerID {
    /// The kind of the serializer's messages.
    package var messageKind: WebSocketMessageKind { self.isText ? .text : .binary }
}

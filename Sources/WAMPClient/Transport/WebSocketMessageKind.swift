package import WAMP

/// What a WebSocket message says it is (RFC 6455 section 5.6): with WAMP, the serializer's choice.
package enum WebSocketMessageKind: Sendable, Hashable {
    /// UTF-8.
    case text
    /// Octets.
    case binary
}

extension SerializerID {
    /// What its messages are.
    package var messageKind: WebSocketMessageKind { self.isText ? .text : .binary }
}

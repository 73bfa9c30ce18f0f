/// The serializers that we have, by the numbers that RawSocket's handshake gives them.
package enum SerializerID: UInt8, Sendable, CaseIterable {
    /// JSON text.
    case json = 1

    /// The name in WebSocket's handshake.
    package var subprotocol: String {
        switch self {
        case .json: "wamp.2.json"
        }
    }

    /// True if WebSocket's frames are text, not binary.
    package var isText: Bool {
        switch self {
        case .json: true
        }
    }
}

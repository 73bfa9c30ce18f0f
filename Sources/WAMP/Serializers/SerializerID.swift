/// The serializers that we have, with their numbers in RawSocket's handshake (wamp-protocol section 7), in the order in
/// which they are offered by default.
package enum SerializerID: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    /// JSON text.
    case json = 1
    /// MessagePack, with text and binary distinguished (its format since 2013).
    case msgpack = 2
    /// CBOR (RFC 8949).
    case cbor = 3

    /// The name in WebSocket's handshake.
    package var subprotocol: String {
        switch self {
        case .json: "wamp.2.json"
        case .msgpack: "wamp.2.msgpack"
        case .cbor: "wamp.2.cbor"
        }
    }

    /// True if WebSocket's frames are text, not binary.
    package var isText: Bool {
        switch self {
        case .json: true
        case .msgpack, .cbor: false
        }
    }

    /// The name in the configuration and in logs.
    package var description: String {
        switch self {
        case .json: "json"
        case .msgpack: "msgpack"
        case .cbor: "cbor"
        }
    }

    /// The format's own name.
    var formatName: String {
        switch self {
        case .json: "JSON"
        case .msgpack: "MessagePack"
        case .cbor: "CBOR"
        }
    }
}

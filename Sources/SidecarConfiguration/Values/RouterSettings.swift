package import NIOOpenSSL
package import Names

/// The section `router`: the address of the WAMP router, and how to log in there.
package struct RouterSettings: Sendable {
    /// The format of messages on the wire; all of them, in this order, if the file has no such key.
    package enum Serializer: String, Sendable, CaseIterable {
        case json, msgpack, cbor
    }

    /// The unit in which the router passes a call's timeout on. `auto` decides by the router's name.
    package enum CallTimeoutUnit: String, Sendable, CaseIterable {
        case milliseconds, seconds, ignore, auto
    }

    /// The place of the section's key.
    package let location: Location

    /// The router's addresses, at least one, tried in turn.
    package let urls: [Located<RouterURL>]

    /// The realm to join.
    package let realm: Located<Realm>

    /// In order of preference, at least one, no duplicates.
    package let serializers: [Serializer]

    /// How to log in.
    package let authentication: AuthenticationSettings

    /// The settings of TLS with it; nil: those of ``RouterTLSSettings/init()``.
    package let tls: RouterTLSSettings?

    /// The context made of those; exists if one of the URLs has TLS.
    package let tlsContext: TLSContext?

    /// Additional headers of the WebSocket handshake.
    package let headers: HandshakeHeaders

    /// The HTTP proxy that makes tunnels to the router.
    package let proxy: HTTPProxy?

    /// Whether RawSocket PING is sent, which some routers treat as an error.
    package let ping: Bool

    /// The unit of a call's timeout.
    package let callTimeoutUnit: CallTimeoutUnit

    /// The event that the router publishes when the session is gone; nil: none.
    package let testament: TestamentSettings?

    /// Whether a ticket, or a header with credentials, may go over an unencrypted connection to another host.
    package let insecure: Bool
}

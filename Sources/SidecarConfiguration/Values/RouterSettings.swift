package import NIOOpenSSL
package import Names

/// The section `router`: where the WAMP router is, and how to log in there.
package struct RouterSettings: Sendable {
    /// How a message is written on the wire; all of them, in this order, where the file says nothing.
    package enum Serializer: String, Sendable, CaseIterable {
        case json, msgpack, cbor
    }

    /// In which unit the router hands on a call's timeout. `auto` decides by the router's name.
    package enum CallTimeoutUnit: String, Sendable, CaseIterable {
        case milliseconds, seconds, ignore, auto
    }

    /// Where the section's key stands.
    package let location: Location

    /// The router's addresses, at least one, tried in turn.
    package let urls: [Located<RouterURL>]

    /// The realm to join.
    package let realm: Located<Realm>

    /// In order of preference, at least one, none twice.
    package let serializers: [Serializer]

    /// How to log in.
    package let authentication: AuthenticationSettings

    /// How TLS is made with it; nil: as ``RouterTLSSettings/init()`` has it.
    package let tls: RouterTLSSettings?

    /// What is made of those; there if one of the URLs has TLS.
    package let tlsContext: TLSContext?

    /// What the WebSocket handshake says beyond what it has to.
    package let headers: HandshakeHeaders

    /// The HTTP proxy that tunnels to the router are made by.
    package let proxy: HTTPProxy?

    /// Whether RawSocket PING is sent, which some routers take for an error.
    package let ping: Bool

    /// How a call's timeout is read.
    package let callTimeoutUnit: CallTimeoutUnit

    /// What the router publishes when the session is gone; nil: nothing.
    package let testament: TestamentSettings?

    /// Whether a ticket, or a header that logs in, may go over an unencrypted connection to another host.
    package let insecure: Bool
}

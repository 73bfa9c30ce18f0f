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

    /// A header that is added to the WebSocket handshake.
    package struct Header: Sendable, Equatable {
        /// Its name.
        package let name: String

        /// Its value, which may be a token.
        package let value: Secret
    }

    /// Where the section's key stands.
    package let location: Location

    /// The router's addresses, at least one, tried in turn.
    package let urls: [Located<String>]

    /// The realm to join.
    package let realm: Located<String>

    /// In order of preference, at least one, none twice.
    package let serializers: [Serializer]

    /// How to log in.
    package let authentication: AuthenticationSettings

    /// How TLS is made with it; nil: as ``RouterTLSSettings/init()`` has it.
    package let tls: RouterTLSSettings?

    /// What the WebSocket handshake says beyond what it has to, no name twice.
    package let headers: [Header]

    /// The URL of the HTTP proxy that tunnels to the router are made by; it may hold a password.
    package let proxy: Secret?

    /// Whether RawSocket PING is sent, which some routers take for an error.
    package let ping: Bool

    /// How a call's timeout is read.
    package let callTimeoutUnit: CallTimeoutUnit

    /// What the router publishes when the session is gone; nil: nothing.
    package let testament: TestamentSettings?

    /// Whether a ticket, or a header that logs in, may go over an unencrypted connection to another host.
    package let insecure: Bool
}

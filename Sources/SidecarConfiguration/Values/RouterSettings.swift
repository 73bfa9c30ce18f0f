/// The section `router`: where the WAMP router is, and how to log in there.
package struct RouterSettings: Sendable {
    /// How a message is written on the wire. What other versions know more of is refused by the reader.
    package enum Serializer: String, Sendable, CaseIterable {
        case json
    }

    /// In which unit the router hands on a call's timeout. `auto` decides by the router's name.
    package enum CallTimeoutUnit: String, Sendable, CaseIterable {
        case milliseconds, seconds, ignore, auto
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

    /// Whether RawSocket PING is sent, which some routers take for an error.
    package let ping: Bool

    /// How a call's timeout is read.
    package let callTimeoutUnit: CallTimeoutUnit

    /// Whether a ticket may go over an unencrypted connection to another host.
    package let insecure: Bool
}

/// The section `router.auth`: one of the ways to log in, with what it needs.
package struct AuthenticationSettings: Sendable {
    /// The ways this version knows, as the file names them.
    package enum Method: String, Sendable, CaseIterable {
        case anonymous, ticket, wampcra
    }

    /// A way to log in, and what it takes.
    package enum Credentials: Sendable, Equatable {
        /// Without a proof; the router may still be told a name.
        case anonymous(authid: String?)

        /// With a password that is sent as it is.
        case ticket(authid: String, ticket: Secret)

        /// With a password that is never sent: the router's challenge is signed with it.
        case wampcra(authid: String, secret: Secret)
    }

    /// Where `auth` stands, or `router` if there is none.
    package let location: Location

    /// What to log in with.
    package let credentials: Credentials
}

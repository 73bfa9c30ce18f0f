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

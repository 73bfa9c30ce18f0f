package import Cryptography

/// The section `router.auth`: one of the ways to log in, with what it needs.
package struct AuthenticationSettings: Sendable {
    /// The ways this version knows, as the file names them.
    package enum Method: String, Sendable, CaseIterable {
        case anonymous, ticket, wampcra, cryptosign, scram
        case wampScram = "wamp-scram"
        case tls
    }

    /// What binds a proof to the connection that it is for, as the file names it.
    package enum ChannelBinding: String, Sendable, CaseIterable {
        case tlsUnique = "tls-unique"
    }

    /// Whose way to compute SCRAM.
    package enum ScramDialect: Sendable {
        case crossbar, specification
    }

    /// A way to log in, and what it takes.
    package enum Credentials: Sendable, Equatable {
        /// Without a proof; the router may still be told a name.
        case anonymous(authid: String?)

        /// With a password that is sent as it is.
        case ticket(authid: String, ticket: Secret)

        /// With a password that is never sent: the router's challenge is signed with it.
        case wampcra(authid: String, secret: Secret)

        /// With a private key that signs the router's challenge; some routers know the name by the key.
        case cryptosign(authid: String?, key: Ed25519PrivateKey, channelBinding: ChannelBinding?)

        /// With a password that is never sent and that the router does not have.
        case scram(authid: String, secret: Secret, dialect: ScramDialect)

        /// With the certificate of the TLS connection.
        case tls(authid: String?)
    }

    /// Where `auth` stands, or `router` if there is none.
    package let location: Location

    /// What to log in with.
    package let credentials: Credentials
}

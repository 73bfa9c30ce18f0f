package import Cryptography

/// The section `router.auth`: one of the ways to log in, with its data.
package struct AuthenticationSettings: Sendable {
    /// The methods of this version, by their names in the file.
    package enum Method: String, Sendable, CaseIterable {
        case anonymous, ticket, wampcra, cryptosign, scram
        case wampScram = "wamp-scram"
        case tls
    }

    /// The binding of a proof to its connection, by its name in the file.
    package enum ChannelBinding: String, Sendable, CaseIterable {
        case tlsUnique = "tls-unique"
    }

    /// Which variant of SCRAM is computed.
    package enum ScramDialect: Sendable {
        case crossbar, specification
    }

    /// A way to log in, with its data.
    package enum Credentials: Sendable, Equatable {
        /// Without a proof; it may still name the sidecar.
        case anonymous(authid: String?)

        /// With a password that is sent as plain text.
        case ticket(authid: String, ticket: Secret)

        /// With a password that is never sent: it signs the router's challenge.
        case wampcra(authid: String, secret: Secret)

        /// With a private key that signs the router's challenge; some routers derive the name from the key.
        case cryptosign(authid: String?, key: Ed25519PrivateKey, channelBinding: ChannelBinding?)

        /// With a password that is never sent and that the router does not have.
        case scram(authid: String, secret: Secret, dialect: ScramDialect)

        /// With the certificate of the TLS connection.
        case tls(authid: String?)
    }

    /// The place of `auth`, or of `router` if there is none.
    package let location: Location

    /// The method and its data.
    package let credentials: Credentials
}

package import Cryptography

/// How the sidecar proves to a router who it is: what the file says. An ``AuthenticationStateMachine`` makes use of it,
/// once for each connection.
///
/// Its description shows no secret.
package enum Authentication: Sendable, Equatable {
    /// No proof at all; some routers let an authid be chosen.
    case anonymous(authid: String?)
    /// A password in the clear.
    case ticket(authid: String, ticket: SecretBytes)
    /// A signature of the router's challenge with a shared secret, which may be salted.
    case wampcra(authid: String, secret: SecretBytes)
    /// A signature of the router's challenge with a private key of which the router knows the public half. Bound to the
    /// TLS connection, where that is asked for, so that nobody in between can pass it on.
    case cryptosign(authid: String?, key: Ed25519PrivateKey, isChannelBound: Bool)
    /// A password that is never sent and of which the router has no copy; the router proves itself too.
    case scram(authid: String, password: SecretBytes, dialect: ScramDialect)
    /// The certificate that the TLS connection was made with.
    case tls(authid: String?)

    /// The method's name in HELLO and CHALLENGE. It alone is announced: Crossbar.io refuses at the first name that it
    /// does not know.
    package var method: String {
        switch self {
        case .anonymous: "anonymous"
        case .ticket: "ticket"
        case .wampcra: "wampcra"
        case .cryptosign: "cryptosign"
        case .scram(_, _, let dialect): dialect.rawValue
        case .tls: "tls"
        }
    }

    /// Who we say we are.
    package var authid: String? {
        switch self {
        case .anonymous(let authid), .cryptosign(let authid, _, _), .tls(let authid): authid
        case .ticket(let authid, _), .wampcra(let authid, _), .scram(let authid, _, _): authid
        }
    }

    /// The public half of the key that we sign with, as routers are told it; nil where there is none.
    package var publicKey: String? {
        switch self {
        case .cryptosign(_, let key, _): key.publicKeyText
        case .anonymous, .ticket, .wampcra, .scram, .tls: nil
        }
    }

    /// True if what is sent must not be read by others: it must not go over plain TCP to another host.
    package var revealsSecret: Bool {
        switch self {
        case .anonymous, .wampcra, .cryptosign, .scram, .tls: false
        case .ticket: true
        }
    }
}

extension Authentication: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The method and who we say we are, no secret.
    package var description: String {
        guard let authid = self.authid else { return self.method }
        return "\(self.method) as \(authid)"
    }

    /// As ``description``.
    package var debugDescription: String { self.description }

    /// Shows no secret to `dump` either.
    package var customMirror: Mirror { Mirror(self, children: ["method": self.method]) }
}

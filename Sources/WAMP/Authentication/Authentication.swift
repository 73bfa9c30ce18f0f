package import Cryptography

/// How the sidecar proves its identity to a router, as the file says. An ``AuthenticationStateMachine`` uses it, once
/// for each connection.
///
/// The description shows no secret.
package enum Authentication: Sendable, Equatable {
    /// No proof. Some routers let the client choose an authid.
    case anonymous(authid: String?)
    /// A password in the clear.
    case ticket(authid: String, ticket: SecretBytes)
    /// A signature of the router's challenge with a shared secret, which may be salted.
    case wampcra(authid: String, secret: SecretBytes)
    /// A signature of the router's challenge with a private key; the router knows the public half. It can be bound to
    /// the TLS connection, so that nobody in between can pass it on.
    case cryptosign(authid: String?, key: Ed25519PrivateKey, isChannelBound: Bool)
    /// A password that is never sent, and of which the router has no copy. The router proves itself too.
    case scram(authid: String, password: SecretBytes, dialect: ScramDialect)
    /// The certificate that the TLS connection presented.
    case tls(authid: String?)

    /// The method's name in HELLO and CHALLENGE. HELLO announces no other method: Crossbar.io refuses the session at
    /// the first name that it does not know.
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

    /// The authid that HELLO claims.
    package var authid: String? {
        switch self {
        case .anonymous(let authid), .cryptosign(let authid, _, _), .tls(let authid): authid
        case .ticket(let authid, _), .wampcra(let authid, _), .scram(let authid, _, _): authid
        }
    }

    /// The public half of the signing key, in the form that HELLO has it; nil without a key.
    package var publicKey: String? {
        switch self {
        case .cryptosign(_, let key, _): key.publicKeyText
        case .anonymous, .ticket, .wampcra, .scram, .tls: nil
        }
    }

    /// True if others must not read what is sent: it must not go over plain TCP to another host.
    package var revealsSecret: Bool {
        switch self {
        case .anonymous, .wampcra, .cryptosign, .scram, .tls: false
        case .ticket: true
        }
    }
}

extension Authentication: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The method and the claimed authid, no secret.
    package var description: String {
        guard let authid = self.authid else { return self.method }
        return "\(self.method) as \(authid)"
    }

    /// As ``description``.
    package var debugDescription: String { self.description }

    /// Shows no secret to `dump` either.
    package var customMirror: Mirror { Mirror(self, children: ["method": self.method]) }
}

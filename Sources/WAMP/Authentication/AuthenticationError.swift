/// Why the sidecar does not open a session that the router has not refused. Holds no secret.
package enum AuthenticationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The router asks for a method that HELLO did not offer.
    case otherMethod
    /// The router sends a second challenge after the first was answered.
    case secondChallenge
    /// The challenge lacks a value that the method needs, or the value has another type.
    case malformedChallenge(key: String)
    /// The router asks for work without bounds, or for no work.
    case unreasonable(key: String)
    /// The router asks for so little work that whoever reads the answer could guess the password.
    case weak(key: String)
    /// The router asks for a key derivation function that nobody knows.
    case unknownDerivation
    /// The router asks for Argon2id, which this machine's OpenSSL does not have.
    case noArgon2id
    /// The challenge is not for this connection: its nonce does not begin with ours.
    case otherNonce
    /// The configuration wants the proof bound to the TLS connection, and this connection has no TLS.
    case noChannel
    /// The router does not confirm how the proof is bound to the connection.
    case otherChannelBinding
    /// SCRAM can't normalize the name or the password.
    case notPreparable
    /// WELCOME holds no proof of the router, which SCRAM requires.
    case routerUnproven
    /// WELCOME holds a wrong proof.
    case routerWrong
    /// OpenSSL failed.
    case cryptography

    /// For people: what happened, and what to do, unless it is to check `router.auth`.
    package var description: String {
        switch self {
        case .otherMethod: "it asks for an authentication method that was not offered"
        case .secondChallenge: "it sent a second challenge"
        case .malformedChallenge(let key): "its challenge has no valid '\(key)'"
        case .unreasonable(let key): "'\(key)' of its challenge is out of bounds"
        case .weak(let key):
            "'\(key)' of its challenge is so small that the password could be guessed from an answer; "
                + "let the router ask for more"
        case .unknownDerivation: "its challenge names an unknown key derivation function ('kdf')"
        case .noArgon2id:
            "it asks for Argon2id, which only OpenSSL 3.2 and later have, and this machine's has not; "
                + "use a newer one, or let the router ask for pbkdf2"
        case .otherNonce: "its challenge has a nonce that does not begin with ours"
        case .noChannel: "channel_binding needs a TLS connection; write wss:// or rss:// in router.url"
        case .otherChannelBinding: "it does not confirm the channel binding that it was asked for"
        case .notPreparable: "authid or secret has a character that SCRAM can't take"
        case .routerUnproven: "it let us in without a proof that it knows the password"
        case .routerWrong: "it let us in, but its proof that it knows the password is wrong"
        case .cryptography: "the answer to its challenge could not be computed"
        }
    }

    /// True if the router may not be the one that it claims to be.
    package var isDistrust: Bool {
        switch self {
        case .weak, .otherNonce, .otherChannelBinding, .routerUnproven, .routerWrong, .secondChallenge: true
        case .otherMethod, .malformedChallenge, .unreasonable, .unknownDerivation, .noArgon2id, .noChannel,
            .notPreparable, .cryptography:
            false
        }
    }
}

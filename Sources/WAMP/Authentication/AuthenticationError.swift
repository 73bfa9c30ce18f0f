/// Why a session is not opened though the router has not refused it. Holds no secret.
package enum AuthenticationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The router asks for a method that HELLO did not offer.
    case otherMethod
    /// It asks again after it has been answered.
    case secondChallenge
    /// The challenge lacks what the method needs, or it is of another type.
    case malformedChallenge(key: String)
    /// The router asks for work without bounds, or for none.
    case unreasonable(key: String)
    /// The router asks for so little work that who reads the answer could guess the password.
    case weak(key: String)
    /// The router asks for a key derivation function that nobody knows.
    case unknownDerivation
    /// It asks for Argon2id, which OpenSSL here does not have.
    case noArgon2id
    /// The challenge is not for this connection: its nonce does not begin with ours.
    case otherNonce
    /// The configuration wants the proof to be bound to the TLS connection, and this one has no TLS.
    case noChannel
    /// The router does not confirm how the proof is bound to the connection.
    case otherChannelBinding
    /// The name or the password can't be brought into the form that SCRAM computes with.
    case notPreparable
    /// WELCOME holds no proof of the router, which SCRAM requires.
    case routerUnproven
    /// WELCOME holds a wrong one.
    case routerWrong
    /// OpenSSL failed.
    case cryptography

    /// For people: what happened, and what to do where that is not to look at `router.auth`.
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

    /// Whether it is the router that may be another than it says it is.
    package var isDistrust: Bool {
        switch self {
        case .weak, .otherNonce, .otherChannelBinding, .routerUnproven, .routerWrong, .secondChallenge: true
        case .otherMethod, .malformedChallenge, .unreasonable, .unknownDerivation, .noArgon2id, .noChannel,
            .notPreparable, .cryptography:
            false
        }
    }
}

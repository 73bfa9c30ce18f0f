/// Why a CHALLENGE was not answered. Holds no secret.
package enum AuthenticationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The router asks for a method that HELLO did not offer.
    case otherMethod
    /// The challenge lacks what the method needs, or it is of another type.
    case malformedChallenge(key: String)
    /// The router asks for work without bounds, or for none.
    case unreasonable(key: String)
    /// OpenSSL failed.
    case cryptography

    /// For people.
    package var description: String {
        switch self {
        case .otherMethod: "the router asks for an authentication method that was not offered"
        case .malformedChallenge(let key): "the router's challenge has no valid '\(key)'"
        case .unreasonable(let key): "'\(key)' of the router's challenge is out of bounds"
        case .cryptography: "the answer to the router's challenge could not be computed"
        }
    }
}

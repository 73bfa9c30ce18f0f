internal import Cryptography

/// The computation of WAMP's challenge-response authentication (advanced profile, section "Challenge Response
/// Authentication").
enum WAMPCRA {
    /// The signature of a challenge, byte for byte as it was received.
    static func signature(secret: String, extra: Details) throws(AuthenticationError) -> String {
        guard let challenge = extra.string("challenge") else { throw .malformedChallenge(key: "challenge") }
        let key = try self.key(secret: secret, extra: extra)
        guard let code = try? HMAC.sha256(Array(challenge.utf8), key: key) else { throw .cryptography }
        return String(decoding: Base64.encode(code), as: UTF8.self)
    }

    /// The secret itself; or, if the router salts, a key derived from it, as base64 text: a step that the
    /// specification's prose forgets and all implementations do. The salt is taken as text, not as base64.
    private static func key(secret: String, extra: Details) throws(AuthenticationError) -> [UInt8] {
        let salt: String
        switch extra["salt"] {
        case nil, .null, .string(""): return Array(secret.utf8)
        case .string(let text): salt = text
        case .bool, .integer, .double, .binary, .list, .dictionary: throw .malformedChallenge(key: "salt")
        }
        let iterations = try self.number("iterations", of: extra, absent: 1_000, most: Authentication.mostIterations)
        let byteCount = try self.number("keylen", of: extra, absent: 32, most: Authentication.greatestKey)
        let key = try? PBKDF2.sha256(
            password: Array(secret.utf8), salt: Array(salt.utf8), iterations: iterations, byteCount: byteCount)
        guard let key else { throw .cryptography }
        return Base64.encode(key)
    }

    /// A number that the router chooses, within bounds.
    private static func number(
        _ name: String, of extra: Details, absent: Int, most: Int64
    ) throws(AuthenticationError) -> Int {
        switch extra[name] {
        case nil, .null: return absent
        case .some: break
        }
        guard let number = extra.integer(name) else { throw .malformedChallenge(key: name) }
        guard number >= 1, number <= most else { throw .unreasonable(key: name) }
        return Int(number)
    }
}

internal import Cryptography

/// WAMP's challenge-response authentication (advanced profile, section "Challenge Response Authentication"): a keyed
/// hash of the challenge.
package struct WAMPCRA: Sendable {
    /// The greatest number of iterations that a router may ask for.
    static let mostIterations: Int64 = 10_000_000
    /// The greatest key, in octets, that a router may ask for.
    static let greatestKey: Int64 = 512

    private let secret: SecretBytes
    /// Byte for byte as received.
    private let challenge: [UInt8]
    private let salting: Salting?

    private struct Salting: Sendable {
        /// The text itself; it is not decoded as base64.
        let salt: [UInt8]
        let iterations: Int
        let byteCount: Int
    }

    init(secret: SecretBytes, extra: Details) throws(AuthenticationError) {
        guard let challenge = extra.string("challenge") else { throw .malformedChallenge(key: "challenge") }
        self.secret = secret
        self.challenge = Array(challenge.utf8)
        switch extra["salt"] {
        case nil, .null, .string(""):
            self.salting = nil
        case .string(let salt):
            self.salting = Salting(
                salt: Array(salt.utf8),
                iterations: try Self.number("iterations", of: extra, absent: 1_000, most: Self.mostIterations),
                byteCount: try Self.number("keylen", of: extra, absent: 32, most: Self.greatestKey))
        case .bool, .integer, .double, .binary, .list, .dictionary:
            throw .malformedChallenge(key: "salt")
        }
    }

    var isSlow: Bool { (self.salting?.iterations ?? 0) > AuthenticationWork.manyIterations }

    func signature() throws(AuthenticationError) -> String {
        do {
            let code = try HMAC.sha256(self.challenge, key: try self.key())
            return String(decoding: Base64.encode(code), as: UTF8.self)
        } catch {
            throw .cryptography
        }
    }

    /// The secret itself; or, if the router salts, a key derived from it, as base64 text. The specification's prose
    /// omits this step, and all implementations do it.
    private func key() throws(CryptographyError) -> SecretBytes {
        guard let salting = self.salting else { return self.secret }
        return Base64.encode(
            try PBKDF2.sha256(
                password: self.secret, salt: salting.salt, iterations: salting.iterations,
                byteCount: salting.byteCount))
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

package import Cryptography

/// The few users that may log in, and what it takes to answer all others as if they existed.
package struct WireCredentials: Sendable {
    private var verifiers: [String: ScramVerifier]
    /// The iterations of users that do not exist.
    private let iterations: Int
    /// Salts are made from it, those of users as well as those of names that are not users, so that they look alike and
    /// stay the same as long as the process lives.
    private let saltKey: [UInt8]

    private static let saltLength = 16

    /// Derives what is needed from the password.
    ///
    /// - Parameters:
    ///   - iterations: of PBKDF2, which the client computes at each login.
    ///   - saltKey: random octets.
    package init(
        user: String, password: SecretBytes, iterations: Int, saltKey: [UInt8]
    ) throws(CryptographyError) {
        self.saltKey = saltKey
        self.iterations = iterations
        self.verifiers = [:]
        try self.add(user: user, password: password, iterations: iterations)
    }

    /// Adds another user that may log in.
    package mutating func add(user: String, password: SecretBytes, iterations: Int) throws(CryptographyError) {
        self.verifiers[user] = try ScramVerifier(
            password: password, salt: Self.salt(of: user, self.saltKey), iterations: iterations)
    }

    /// The verifier of a user, and whether the user exists: if not, no proof may be accepted.
    func verifier(of user: String) throws(CryptographyError) -> (verifier: ScramVerifier, isGenuine: Bool) {
        if let verifier = self.verifiers[user] { return (verifier, true) }
        let mock = ScramVerifier(
            salt: try Self.salt(of: user, self.saltKey), iterations: self.iterations,
            keys: ScramServerKeys(
                storedKey: SecretBytes(try HMAC.sha256(Array("Stored".utf8), key: self.saltKey)),
                serverKey: SecretBytes(try HMAC.sha256(Array("Server".utf8), key: self.saltKey))))
        return (mock, false)
    }

    private static func salt(of user: String, _ key: [UInt8]) throws(CryptographyError) -> [UInt8] {
        Array(try HMAC.sha256(Array(user.utf8), key: key).prefix(Self.saltLength))
    }
}

package import Cryptography

/// The few users who may come in, and what it takes to answer others as if there were such users.
package struct WireCredentials: Sendable {
    private var verifiers: [String: ScramVerifier]
    /// What users have whom there aren't.
    private let iterations: Int
    /// Salts are made of it, of the users' as well as of those whom there aren't, so that they look alike and stay the
    /// same as long as the process lives.
    private let saltKey: [UInt8]

    private static let saltLength = 16

    /// Derives what is needed of the password.
    ///
    /// - Parameters:
    ///   - iterations: of PBKDF2, which the client goes through at each connect.
    ///   - saltKey: random octets.
    package init(
        user: String, password: SecretBytes, iterations: Int, saltKey: [UInt8]
    ) throws(CryptographyError) {
        self.saltKey = saltKey
        self.iterations = iterations
        self.verifiers = [:]
        try self.add(user: user, password: password, iterations: iterations)
    }

    /// Lets another user come in.
    package mutating func add(user: String, password: SecretBytes, iterations: Int) throws(CryptographyError) {
        self.verifiers[user] = try ScramVerifier(
            password: password, salt: Self.salt(of: user, self.saltKey), iterations: iterations)
    }

    /// What a user is to be held against, and whether there is such a user: nobody else can pass, whatever he proves.
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

package import Cryptography

/// The one user who may come in, and what it takes to keep others from finding out who that is.
package struct WireCredentials: Sendable {
    /// The user's name.
    package let user: String
    private let verifier: ScramVerifier
    /// Salts are made of it, of the user's as well as of those whom there isn't, so that they look alike and stay the
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
        self.user = user
        self.saltKey = saltKey
        self.verifier = try ScramVerifier(
            password: password, salt: Self.salt(of: user, saltKey), iterations: iterations)
    }

    /// What a user is to be held against, and whether there is such a user: nobody else can pass, whatever he proves.
    func verifier(of user: String) throws(CryptographyError) -> (verifier: ScramVerifier, isGenuine: Bool) {
        let mock = ScramVerifier(
            salt: try Self.salt(of: user, self.saltKey), iterations: self.verifier.iterations,
            keys: ScramServerKeys(
                storedKey: SecretBytes(try HMAC.sha256(Array("Stored".utf8), key: self.saltKey)),
                serverKey: SecretBytes(try HMAC.sha256(Array("Server".utf8), key: self.saltKey))))
        return user == self.user ? (self.verifier, true) : (mock, false)
    }

    private static func salt(of user: String, _ key: [UInt8]) throws(CryptographyError) -> [UInt8] {
        Array(try HMAC.sha256(Array(user.utf8), key: key).prefix(Self.saltLength))
    }
}

package import Cryptography

/// What a server stores of a password (RFC 5803): it can verify others, and can't be used to log in.
package struct ScramVerifier: Sendable {
    let salt: [UInt8]
    let iterations: Int
    let keys: ScramServerKeys

    /// Derives it from a password, slowly if there are many iterations.
    ///
    /// The password's octets are used unchanged (no SASLprep). The client's library normalizes them, which makes a
    /// difference only for some passwords beyond ASCII.
    package init(password: SecretBytes, salt: [UInt8], iterations: Int) throws(CryptographyError) {
        self.salt = salt
        self.iterations = iterations
        self.keys = try ScramServerKeys(
            saltedPassword: PBKDF2.sha256(
                password: password, salt: salt, iterations: iterations, byteCount: SHA256.byteCount))
    }

    /// The verifier of a user that does not exist.
    init(salt: [UInt8], iterations: Int, keys: ScramServerKeys) {
        self.salt = salt
        self.iterations = iterations
        self.keys = keys
    }
}

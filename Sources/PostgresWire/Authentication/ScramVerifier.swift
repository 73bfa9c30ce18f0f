package import Cryptography

/// What a server keeps of a password (RFC 5803): it proves others, and can't be used to log in.
package struct ScramVerifier: Sendable {
    let salt: [UInt8]
    let iterations: Int
    let storedKey: [UInt8]
    let serverKey: [UInt8]

    /// Derives it of a password, slowly where there are many iterations.
    ///
    /// The password's octets are used as they are (no SASLprep): the client's library normalizes it, which makes a
    /// difference only for some passwords beyond ASCII.
    package init(password: [UInt8], salt: [UInt8], iterations: Int) throws(CryptographyError) {
        let salted = try PBKDF2.sha256(
            password: password, salt: salt, iterations: iterations, byteCount: SHA256.byteCount)
        self.salt = salt
        self.iterations = iterations
        self.storedKey = try SHA256.hash(HMAC.sha256(Array("Client Key".utf8), key: salted))
        self.serverKey = try HMAC.sha256(Array("Server Key".utf8), key: salted)
    }

    /// That of nobody.
    init(salt: [UInt8], iterations: Int, storedKey: [UInt8], serverKey: [UInt8]) {
        self.salt = salt
        self.iterations = iterations
        self.storedKey = storedKey
        self.serverKey = serverKey
    }
}

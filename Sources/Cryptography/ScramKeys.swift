/// What the server's end of SCRAM with SHA-256 (RFC 5802, RFC 7677) keeps of a password: it tells who knows the password,
/// proves to know it too, and can't be used to log in.
package struct ScramServerKeys: Sendable {
    /// The hash of the key that the client proves to have.
    package let storedKey: SecretBytes
    /// What the server proves itself with.
    package let serverKey: SecretBytes

    /// Those of a salted password: what the key derivation function has made of it.
    package init(saltedPassword: SecretBytes) throws(CryptographyError) {
        let clientKey = try HMAC.secret(Array("Client Key".utf8), key: saltedPassword)
        try self.init(clientKey: clientKey, saltedPassword: saltedPassword)
    }

    /// Those that were made before, or somebody else's.
    package init(storedKey: SecretBytes, serverKey: SecretBytes) {
        self.storedKey = storedKey
        self.serverKey = serverKey
    }

    fileprivate init(clientKey: SecretBytes, saltedPassword: SecretBytes) throws(CryptographyError) {
        self.storedKey = try SHA256.secret(clientKey)
        self.serverKey = try HMAC.secret(Array("Server Key".utf8), key: saltedPassword)
    }

    /// Whether a client's proof is right for an exchange's messages.
    package func isProof(_ proof: [UInt8], of authMessage: [UInt8]) throws(CryptographyError) -> Bool {
        guard proof.count == SHA256.byteCount else { return false }
        // Together they are the client's key: neither may lie about.
        let signature = try HMAC.secret(authMessage, key: self.storedKey)
        let clientKey = unsafe SecretBytes(capacity: proof.count) { target in
            unsafe signature.withUnsafeBytes { signature in
                for index in proof.indices { unsafe target[index] = unsafe proof[index] ^ signature[index] }
            }
            return proof.count
        }
        return try SHA256.secret(clientKey) == self.storedKey
    }

    /// What proves the server for an exchange's messages.
    package func signature(of authMessage: [UInt8]) throws(CryptographyError) -> [UInt8] {
        try HMAC.sha256(authMessage, key: self.serverKey)
    }
}

/// What the client's end of SCRAM makes of a salted password for one exchange.
package struct ScramClientKeys: Sendable {
    private let clientKey: SecretBytes
    private let serverKeys: ScramServerKeys

    /// Those of a salted password: what the key derivation function has made of it.
    package init(saltedPassword: SecretBytes) throws(CryptographyError) {
        self.clientKey = try HMAC.secret(Array("Client Key".utf8), key: saltedPassword)
        self.serverKeys = try ScramServerKeys(clientKey: self.clientKey, saltedPassword: saltedPassword)
    }

    /// What proves the client for an exchange's messages.
    package func proof(of authMessage: [UInt8]) throws(CryptographyError) -> [UInt8] {
        let signature = try HMAC.secret(authMessage, key: self.serverKeys.storedKey)
        return unsafe self.clientKey.withUnsafeBytes { key in
            unsafe signature.withUnsafeBytes { unsafe zip(key, $0).map { $0 ^ $1 } }
        }
    }

    /// What the server has to prove itself with for the same messages.
    package func serverSignature(of authMessage: [UInt8]) throws(CryptographyError) -> [UInt8] {
        try self.serverKeys.signature(of: authMessage)
    }
}

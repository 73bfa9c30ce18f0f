/// What the server's end of SCRAM with SHA-256 (RFC 5802, RFC 7677) stores of a password. It recognizes clients that
/// know the password, proves that the server knows it too, and can't be used to log in.
package struct ScramServerKeys: Sendable {
    /// The hash of the key that the client proves to have.
    package let storedKey: SecretBytes
    /// The key for the server's own proof.
    package let serverKey: SecretBytes

    /// The keys of a salted password: the result of the key derivation function.
    package init(saltedPassword: SecretBytes) throws(CryptographyError) {
        let clientKey = try HMAC.secret(Array("Client Key".utf8), key: saltedPassword)
        try self.init(clientKey: clientKey, saltedPassword: saltedPassword)
    }

    /// Keys that were made before, or elsewhere.
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
        // XORed with the proof this gives the client's key: neither may stay in memory.
        let signature = try HMAC.secret(authMessage, key: self.storedKey)
        let clientKey = unsafe SecretBytes(capacity: proof.count) { target in
            unsafe signature.withUnsafeBytes { signature in
                for index in proof.indices { unsafe target[index] = unsafe proof[index] ^ signature[index] }
            }
            return proof.count
        }
        return try SHA256.secret(clientKey) == self.storedKey
    }

    /// The server's proof for an exchange's messages.
    package func signature(of authMessage: [UInt8]) throws(CryptographyError) -> [UInt8] {
        try HMAC.sha256(authMessage, key: self.serverKey)
    }
}

/// What the client's end of SCRAM derives from a salted password for one exchange.
package struct ScramClientKeys: Sendable {
    private let clientKey: SecretBytes
    private let serverKeys: ScramServerKeys

    /// The keys of a salted password: the result of the key derivation function.
    package init(saltedPassword: SecretBytes) throws(CryptographyError) {
        self.clientKey = try HMAC.secret(Array("Client Key".utf8), key: saltedPassword)
        self.serverKeys = try ScramServerKeys(clientKey: self.clientKey, saltedPassword: saltedPassword)
    }

    /// The client's proof for an exchange's messages.
    package func proof(of authMessage: [UInt8]) throws(CryptographyError) -> [UInt8] {
        let signature = try HMAC.secret(authMessage, key: self.serverKeys.storedKey)
        return unsafe self.clientKey.withUnsafeBytes { key in
            unsafe signature.withUnsafeBytes { unsafe zip(key, $0).map { $0 ^ $1 } }
        }
    }

    /// The proof that the server owes for the same messages.
    package func serverSignature(of authMessage: [UInt8]) throws(CryptographyError) -> [UInt8] {
        try self.serverKeys.signature(of: authMessage)
    }
}

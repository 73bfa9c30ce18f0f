/// OpenSSL refused to do something: out of memory, or its provider lacks the algorithm.
package struct CryptographyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The operation that failed.
    package let operation: Operation

    /// The operations.
    package enum Operation: String, Sendable, Hashable {
        /// A hash.
        case sha256 = "SHA-256"
        /// WebSocket's hash.
        case sha1 = "SHA-1"
        /// A keyed hash.
        case hmac = "HMAC-SHA256"
        /// A key derived from a password.
        case pbkdf2 = "PBKDF2"
        /// A key derived from a password, with much memory.
        case argon2id = "Argon2id"
        /// A signature, or the key for it.
        case ed25519 = "Ed25519"
        /// Random octets.
        case random = "random octets"
    }

    /// For people; never holds a key or a text.
    package var description: String { "OpenSSL failed to compute \(self.operation.rawValue)" }
}

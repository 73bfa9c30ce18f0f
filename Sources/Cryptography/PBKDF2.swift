internal import COpenSSL

/// Derives a key from a password, slowly (RFC 8018).
package enum PBKDF2 {
    /// The key that PBKDF2 with HMAC-SHA256 derives. Takes about a third of a second for a million iterations: the
    /// caller bounds them.
    ///
    /// - Throws: also if iterations or length are not positive, or beyond 2^31 - 1.
    package static func sha256(
        password: SecretBytes, salt: [UInt8], iterations: Int, byteCount: Int
    ) throws(CryptographyError) -> SecretBytes {
        guard iterations > 0, byteCount > 0, let rounds = Int32(exactly: iterations),
            let keyCount = Int32(exactly: byteCount), let passwordCount = Int32(exactly: password.count),
            let saltCount = Int32(exactly: salt.count)
        else { throw CryptographyError(operation: .pbkdf2) }
        return try unsafe SecretBytes(capacity: byteCount) { target throws(CryptographyError) in
            let status = unsafe password.withUnsafeBytes { password in
                unsafe salt.withUnsafeBufferPointer { salt in
                    unsafe PKCS5_PBKDF2_HMAC(
                        password.baseAddress?.assumingMemoryBound(to: CChar.self), passwordCount,
                        salt.baseAddress, saltCount, rounds, EVP_sha256(), keyCount,
                        target.baseAddress?.assumingMemoryBound(to: UInt8.self))
                }
            }
            guard status == 1 else { throw CryptographyError(operation: .pbkdf2) }
            return byteCount
        }
    }
}

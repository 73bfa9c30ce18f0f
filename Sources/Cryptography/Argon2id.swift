internal import COpenSSL

/// Derives a key from a password, slowly and with much memory (RFC 9106), with one lane. OpenSSL has it since 3.2;
/// whether the installed one does is known only at run time.
package enum Argon2id {
    /// Whether this machine's OpenSSL has it.
    package static var isAvailable: Bool { wamp_sidecar_has_argon2id() == 1 }

    /// The key that Argon2id, version 1.3, derives. Takes about a second to pass over 2 GiB (iterations times memory):
    /// the caller bounds them.
    ///
    /// - Parameters:
    ///   - salt: at least 8 octets.
    ///   - iterations: at least 1.
    ///   - memory: in KiB, at least 8.
    /// - Throws: also if one of them is out of range, or if OpenSSL does not have Argon2id.
    package static func key(
        password: SecretBytes, salt: [UInt8], iterations: Int, memory: Int, byteCount: Int
    ) throws(CryptographyError) -> SecretBytes {
        guard iterations >= 1, memory >= 8, byteCount >= 4, salt.count >= 8, let rounds = UInt32(exactly: iterations),
            let blocks = UInt32(exactly: memory)
        else { throw CryptographyError(operation: .argon2id) }
        return try unsafe SecretBytes(capacity: byteCount) { target throws(CryptographyError) in
            let status = unsafe password.withUnsafeBytes { password in
                unsafe salt.withUnsafeBytes { salt in
                    unsafe wamp_sidecar_argon2id(
                        password.baseAddress, password.count, salt.baseAddress, salt.count, rounds, blocks,
                        target.baseAddress?.assumingMemoryBound(to: UInt8.self), byteCount)
                }
            }
            guard status == 1 else { throw CryptographyError(operation: .argon2id) }
            return byteCount
        }
    }
}

internal import COpenSSL

/// The hash SHA-256 (FIPS 180-4).
package enum SHA256 {
    /// How many octets a hash has.
    package static let byteCount = 32

    /// The hash of the given octets.
    package static func hash(_ bytes: [UInt8]) throws(CryptographyError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: self.byteCount)
        var count: UInt32 = 0
        let status = unsafe digest.withUnsafeMutableBufferPointer { target in
            unsafe bytes.withUnsafeBytes { source in
                unsafe EVP_Digest(source.baseAddress, source.count, target.baseAddress, &count, EVP_sha256(), nil)
            }
        }
        guard status == 1, count == UInt32(self.byteCount) else { throw CryptographyError(operation: .sha256) }
        return digest
    }

    /// The hash of a secret, which is one itself.
    package static func secret(_ secret: SecretBytes) throws(CryptographyError) -> SecretBytes {
        try unsafe SecretBytes(capacity: self.byteCount) { target throws(CryptographyError) in
            var count: UInt32 = 0
            let status = unsafe secret.withUnsafeBytes { source in
                unsafe EVP_Digest(
                    source.baseAddress, source.count, target.baseAddress?.assumingMemoryBound(to: UInt8.self), &count,
                    EVP_sha256(), nil)
            }
            guard status == 1, count == UInt32(self.byteCount) else { throw CryptographyError(operation: .sha256) }
            return self.byteCount
        }
    }
}

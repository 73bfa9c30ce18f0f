internal import COpenSSL

/// Octets that nobody can predict, from OpenSSL's generator.
package enum SecureRandom {
    /// As many random octets as asked for.
    package static func bytes(count: Int) throws(CryptographyError) -> [UInt8] {
        guard count > 0 else { return [] }
        guard let number = Int32(exactly: count) else { throw CryptographyError(operation: .random) }
        var bytes = [UInt8](repeating: 0, count: count)
        let status = unsafe bytes.withUnsafeMutableBufferPointer { unsafe RAND_bytes($0.baseAddress, number) }
        guard status == 1 else { throw CryptographyError(operation: .random) }
        return bytes
    }
}

internal import COpenSSL

/// The hash SHA-1 (FIPS 180-4): broken, and nothing depends on its strength. WebSocket's handshake uses it to recognize
/// a server.
package enum SHA1 {
    /// How many octets a hash has.
    package static let byteCount = 20

    /// The hash of the given octets.
    package static func hash(_ bytes: [UInt8]) throws(CryptographyError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: self.byteCount)
        var count: UInt32 = 0
        let status = unsafe digest.withUnsafeMutableBufferPointer { target in
            unsafe bytes.withUnsafeBytes { source in
                unsafe EVP_Digest(source.baseAddress, source.count, target.baseAddress, &count, EVP_sha1(), nil)
            }
        }
        guard status == 1, count == UInt32(self.byteCount) else { throw CryptographyError(operation: .sha1) }
        return digest
    }
}

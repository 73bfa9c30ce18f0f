internal import COpenSSL

/// The keyed hash HMAC-SHA256 (RFC 2104).
package enum HMAC {
    /// The code that proves knowledge of the key for a message.
    package static func sha256(_ message: [UInt8], key: [UInt8]) throws(CryptographyError) -> [UInt8] {
        guard let keyCount = Int32(exactly: key.count) else { throw CryptographyError(operation: .hmac) }
        var code = [UInt8](repeating: 0, count: SHA256.byteCount)
        var count: UInt32 = 0
        let isDone = unsafe code.withUnsafeMutableBufferPointer { target in
            unsafe key.withUnsafeBytes { key in
                unsafe message.withUnsafeBufferPointer { source in
                    // A nil key would mean "as before".
                    let empty: StaticString = ""
                    let keyAddress = unsafe key.baseAddress ?? UnsafeRawPointer(empty.utf8Start)
                    return unsafe COpenSSL.HMAC(
                        EVP_sha256(), keyAddress, keyCount, source.baseAddress, source.count, target.baseAddress, &count
                    ) != nil
                }
            }
        }
        guard isDone, count == UInt32(SHA256.byteCount) else { throw CryptographyError(operation: .hmac) }
        return code
    }
}

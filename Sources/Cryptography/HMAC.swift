internal import COpenSSL

/// The keyed hash HMAC-SHA256 (RFC 2104).
package enum HMAC {
    /// The code that proves knowledge of the key for a message.
    package static func sha256(_ message: [UInt8], key: [UInt8]) throws(CryptographyError) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: SHA256.byteCount)
        let isDone = unsafe code.withUnsafeMutableBytes { target in
            unsafe key.withUnsafeBytes { unsafe self.compute(message, key: $0, into: target) }
        }
        guard isDone else { throw CryptographyError(operation: .hmac) }
        return code
    }

    /// The same with a key that is wiped from memory.
    package static func sha256(_ message: [UInt8], key: SecretBytes) throws(CryptographyError) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: SHA256.byteCount)
        let isDone = unsafe code.withUnsafeMutableBytes { target in
            unsafe key.withUnsafeBytes { unsafe self.compute(message, key: $0, into: target) }
        }
        guard isDone else { throw CryptographyError(operation: .hmac) }
        return code
    }

    /// The same if the code is itself a key.
    package static func secret(_ message: [UInt8], key: SecretBytes) throws(CryptographyError) -> SecretBytes {
        try unsafe SecretBytes(capacity: SHA256.byteCount) { target throws(CryptographyError) in
            let isDone = unsafe key.withUnsafeBytes { unsafe self.compute(message, key: $0, into: target) }
            guard isDone else { throw CryptographyError(operation: .hmac) }
            return SHA256.byteCount
        }
    }

    private static func compute(
        _ message: [UInt8], key: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard let keyCount = Int32(exactly: key.count), target.count == SHA256.byteCount else { return false }
        var count: UInt32 = 0
        let isDone = unsafe message.withUnsafeBufferPointer { source in
            // A nil key would mean "as before".
            let empty: StaticString = ""
            let keyAddress = unsafe key.baseAddress ?? UnsafeRawPointer(empty.utf8Start)
            return unsafe COpenSSL.HMAC(
                EVP_sha256(), keyAddress, keyCount, source.baseAddress, source.count,
                target.baseAddress?.assumingMemoryBound(to: UInt8.self), &count) != nil
        }
        return isDone && count == UInt32(SHA256.byteCount)
    }
}

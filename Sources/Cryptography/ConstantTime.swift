internal import COpenSSL

/// Comparing secrets without telling by the time it takes where they differ.
package enum ConstantTime {
    /// True if both are the same; the time depends on nothing but the length.
    package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes { right in
                unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
            }
        }
    }
}

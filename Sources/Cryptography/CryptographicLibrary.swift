internal import COpenSSL

/// The OpenSSL in this process.
package enum CryptographicLibrary {
    /// Its version, such as `3.0.17`.
    package static var version: String {
        unsafe OpenSSL_version(OPENSSL_VERSION_STRING).map { unsafe String(cString: $0) } ?? "unknown"
    }
}

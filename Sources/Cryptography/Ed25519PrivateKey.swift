internal import COpenSSL

/// A key that signs with Ed25519 (RFC 8032). It lives in OpenSSL, which wipes it when it frees it.
///
/// No way to print it shows the key. Two keys are equal if their public keys are.
@safe package final class Ed25519PrivateKey: @unchecked Sendable {
    /// The octets of the private key, which is also called its seed; and of the public key.
    package static let byteCount = 32
    /// The octets of a signature.
    package static let signatureByteCount = 64

    /// The public half.
    package let publicKey: [UInt8]
    /// The public half in the form that HELLO has it: 64 hexadecimal digits.
    package var publicKeyText: String { Hexadecimal.encode(self.publicKey) }
    private let handle: OpaquePointer

    /// Takes the octets of a private key.
    ///
    /// - Throws: also if there are not 32 of them.
    package convenience init(seed: SecretBytes) throws(CryptographyError) {
        guard seed.count == Self.byteCount else { throw CryptographyError(operation: .ed25519) }
        let handle = unsafe seed.withUnsafeBytes { seed in
            unsafe EVP_PKEY_new_raw_private_key(
                EVP_PKEY_ED25519, nil, seed.baseAddress?.assumingMemoryBound(to: UInt8.self), seed.count)
        }
        guard let handle = unsafe handle else {
            ERR_clear_error()
            throw CryptographyError(operation: .ed25519)
        }
        try unsafe self.init(owning: handle)
    }

    /// Takes ownership of OpenSSL's key, which is freed even if it is of another kind.
    init(owning handle: OpaquePointer) throws(CryptographyError) {
        var publicKey = [UInt8](repeating: 0, count: Self.byteCount)
        var count = publicKey.count
        let status = unsafe publicKey.withUnsafeMutableBufferPointer { target in
            unsafe EVP_PKEY_get_raw_public_key(handle, target.baseAddress, &count)
        }
        guard unsafe wamp_sidecar_key_algorithm(handle) == EVP_PKEY_ED25519, status == 1, count == Self.byteCount else {
            ERR_clear_error()
            unsafe EVP_PKEY_free(handle)
            throw CryptographyError(operation: .ed25519)
        }
        self.publicKey = publicKey
        unsafe self.handle = handle
    }

    deinit {
        unsafe EVP_PKEY_free(self.handle)
    }

    /// The signature of a message.
    package func sign(_ message: [UInt8]) throws(CryptographyError) -> [UInt8] {
        guard let context = unsafe EVP_MD_CTX_new() else { throw CryptographyError(operation: .ed25519) }
        defer { unsafe EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: Self.signatureByteCount)
        var count = signature.count
        let isSigned = unsafe signature.withUnsafeMutableBufferPointer { target in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestSignInit(context, nil, nil, nil, self.handle) == 1
                    && EVP_DigestSign(context, target.baseAddress, &count, message.baseAddress, message.count) == 1
            }
        }
        guard isSigned, count == Self.signatureByteCount else {
            ERR_clear_error()
            throw CryptographyError(operation: .ed25519)
        }
        return signature
    }
}

extension Ed25519PrivateKey: Equatable {
    /// Whether both have the same public key.
    package static func == (left: Ed25519PrivateKey, right: Ed25519PrivateKey) -> Bool {
        left.publicKey == right.publicKey
    }
}

extension Ed25519PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<redacted>`.
    package var description: String { "<redacted>" }

    /// `<redacted>`.
    package var debugDescription: String { "<redacted>" }

    /// A mirror that shows nothing, so that `dump` doesn't either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

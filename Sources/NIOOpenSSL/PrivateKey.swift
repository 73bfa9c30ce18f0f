internal import COpenSSL

/// The owner of one `EVP_PKEY`: the key of our own certificate.
@safe final class PrivateKey {
    /// OpenSSL's key.
    let pointer: OpaquePointer

    /// The answer to OpenSSL's question when a key turns out to be encrypted: it must never ask on the terminal.
    private final class Password {
        let octets: [UInt8]?
        var wasAsked = false
        var isTooLong = false

        init(_ password: String?) {
            self.octets = password.map { Array($0.utf8) }
        }
    }

    /// Reads the key of a PEM file.
    ///
    /// - Parameter password: the password of an encrypted key.
    init(file path: String, password: String?) throws(TLSError) {
        let bytes = try PEMFile.read(path, .key)
        let asked = Password(password)
        var errors: [OpenSSLError] = []
        let key = unsafe bytes.withUnsafeBytes { bytes -> OpaquePointer? in
            OpenSSLError.clear()
            guard let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
            defer { unsafe BIO_free(bio) }
            let key = unsafe PEM_read_bio_PrivateKey(
                bio, nil,
                { target, size, _, context in
                    guard let target = unsafe target, let context = unsafe context else { return -1 }
                    return unsafe PrivateKey.answer(target, Int(size), context)
                },
                Unmanaged.passUnretained(asked).toOpaque())
            errors = OpenSSLError.drain()
            return unsafe key
        }
        guard let key = unsafe key else { throw Self.error(bytes, asked, errors) }
        unsafe self.pointer = unsafe key
    }

    deinit {
        unsafe EVP_PKEY_free(self.pointer)
    }

    private static func answer(
        _ target: UnsafeMutablePointer<CChar>, _ size: Int, _ context: UnsafeMutableRawPointer
    ) -> Int32 {
        let password = unsafe Unmanaged<Password>.fromOpaque(context).takeUnretainedValue()
        password.wasAsked = true
        guard let octets = password.octets else { return -1 }
        guard octets.count <= size, let count = Int32(exactly: octets.count) else {
            password.isTooLong = true
            return -1
        }
        for (index, octet) in octets.enumerated() {
            unsafe target[index] = CChar(bitPattern: octet)
        }
        return count
    }

    private static func error(_ bytes: [UInt8], _ asked: Password, _ errors: [OpenSSLError]) -> TLSError {
        if asked.isTooLong {
            return TLSError(
                part: .keyPassword, problem: "is longer than OpenSSL takes",
                remedy: "encrypt the key with a shorter one")
        }
        if asked.wasAsked {
            guard asked.octets != nil else {
                return TLSError(
                    part: .key, problem: "is encrypted, and there is no password for it", remedy: "give its password")
            }
            return TLSError(
                part: .keyPassword, problem: "does not decrypt the key", remedy: "give the one it was encrypted with")
        }
        guard String(decoding: bytes, as: UTF8.self).contains("PRIVATE KEY-----") else {
            return PEMFile.wrongContent(bytes, wanted: "private key", .key)
        }
        return TLSError(
            part: .key, problem: "holds a private key that is damaged or of an unknown kind\(Self.reason(errors))",
            remedy: "copy it again, or make another")
    }

    private static func reason(_ errors: [OpenSSLError]) -> String {
        errors.last.map { " (\($0.text))" } ?? ""
    }
}

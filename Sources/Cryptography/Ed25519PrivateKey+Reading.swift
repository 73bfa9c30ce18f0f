internal import COpenSSL

extension Ed25519PrivateKey {
    /// Reads a key in the forms that people store: 64 hexadecimal digits, PEM (PKCS #8, RFC 8410), OpenSSH's format, or
    /// the 32 octets themselves. Blanks and line ends around it are ignored.
    package static func read(_ content: SecretBytes) throws(PrivateKeyError) -> Ed25519PrivateKey {
        // 32 characters that can be typed are a password, or half of the digits.
        let isTyped = unsafe content.withUnsafeBytes {
            unsafe $0.allSatisfy { (0x20...0x7E).contains($0) || [0x09, 0x0A, 0x0D].contains($0) }
        }
        if content.count == self.byteCount, !isTyped, let key = try? Ed25519PrivateKey(seed: content) {
            return key
        }
        let text = content.trimmed()
        if text.starts(with: OpenSSHPrivateKey.begin) { return try OpenSSHPrivateKey.read(text) }
        if text.starts(with: "-----BEGIN ") { return try self.pem(text) }
        if text.starts(with: "ssh-") || text.starts(with: "ecdsa-") { throw .publicKey }
        return try self.digits(text)
    }

    private static func digits(_ text: SecretBytes) throws(PrivateKeyError) -> Ed25519PrivateKey {
        if let seed = Hexadecimal.decode(text), let key = try? Ed25519PrivateKey(seed: seed) { return key }
        // Anything else may be the wrong file of any kind; if most of it is digits, it was meant to be digits.
        let digits = unsafe text.withUnsafeBytes { unsafe $0.count { Hexadecimal.isDigit($0) } }
        guard text.count <= 130, text.count > 0, digits * 10 >= text.count * 9 else { throw .unknownFormat }
        throw .digits(count: text.count)
    }

    private static func pem(_ text: SecretBytes) throws(PrivateKeyError) -> Ed25519PrivateKey {
        let begins: [(StaticString, PrivateKeyError)] = [
            ("-----BEGIN PUBLIC KEY-----", .publicKey), ("-----BEGIN RSA PUBLIC KEY-----", .publicKey),
            ("-----BEGIN CERTIFICATE-----", .certificate),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----", .encrypted(.pem)),
        ]
        if let (_, error) = begins.first(where: { text.starts(with: $0.0) }) { throw error }
        guard let count = Int32(exactly: text.count) else { throw .damaged(.pem) }
        // The traditional encryption asks for a passphrase.
        var isEncrypted = false
        let handle = unsafe withUnsafeMutablePointer(to: &isEncrypted) { flag in
            unsafe text.withUnsafeBytes { text -> OpaquePointer? in
                guard let bio = unsafe BIO_new_mem_buf(text.baseAddress, count) else { return nil }
                defer { unsafe BIO_free(bio) }
                return unsafe PEM_read_bio_PrivateKey(
                    bio, nil,
                    { _, _, _, flag in
                        unsafe flag?.assumingMemoryBound(to: Bool.self).pointee = true
                        return -1
                    }, flag)
            }
        }
        ERR_clear_error()
        if isEncrypted { throw .encrypted(.pem) }
        guard let handle = unsafe handle else { throw .damaged(.pem) }
        let name = unsafe wamp_sidecar_key_algorithm_name(handle).map { unsafe String(cString: $0) }
        do {
            return try unsafe Ed25519PrivateKey(owning: handle)
        } catch {
            throw .otherAlgorithm(name ?? "something unknown")
        }
    }
}

extension SecretBytes {
    /// Without blanks and line ends at both ends.
    fileprivate func trimmed() -> SecretBytes {
        func isBlank(_ index: Int) -> Bool {
            self.byte(at: index).map { [0x20, 0x09, 0x0D, 0x0A].contains($0) } ?? false
        }
        var (start, end) = (0, self.count)
        while start < end, isBlank(start) { start += 1 }
        while start < end, isBlank(end - 1) { end -= 1 }
        return self.part(start..<end) ?? self
    }
}

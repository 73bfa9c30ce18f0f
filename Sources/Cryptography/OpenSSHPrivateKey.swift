/// Reads the container that `ssh-keygen` writes private keys to (`openssh-key-v1`, PROTOCOL.key of OpenSSH), which
/// OpenSSL does not know. Every length is checked against the octets that are there.
struct OpenSSHPrivateKey {
    /// The first line of the text.
    static let begin: StaticString = "-----BEGIN OPENSSH PRIVATE KEY-----"
    private static let end: StaticString = "-----END OPENSSH PRIVATE KEY-----"
    private static let magic: StaticString = "openssh-key-v1\0"
    private static let algorithm: StaticString = "ssh-ed25519"
    /// Padding fills up blocks of 8 octets if nothing is encrypted.
    private static let blockSize = 8

    private let bytes: SecretBytes
    private var position = 0

    /// The key of a text that begins with ``begin``.
    static func read(_ text: SecretBytes) throws(PrivateKeyError) -> Ed25519PrivateKey {
        let body = self.begin.utf8CodeUnitCount
        guard let end = (body..<max(body, text.count)).first(where: { text.starts(with: self.end, at: $0) }),
            let base64 = text.part(body..<end), let bytes = Base64.decode(base64)
        else { throw .damaged(.openSSH) }
        var reader = OpenSSHPrivateKey(bytes: bytes)
        return try reader.key()
    }

    private init(bytes: SecretBytes) {
        self.bytes = bytes
    }

    private mutating func key() throws(PrivateKeyError) -> Ed25519PrivateKey {
        guard self.bytes.starts(with: Self.magic) else { throw .damaged(.openSSH) }
        self.position = Self.magic.utf8CodeUnitCount
        let cipher = try self.string()
        let derivation = try self.string()
        let options = try self.string()
        let keys = try self.number()
        guard keys > 0 else { throw .damaged(.openSSH) }
        guard keys == 1 else { throw .severalKeys }
        var publicPart = OpenSSHPrivateKey(bytes: try self.string())
        try publicPart.checkAlgorithm()
        guard cipher.isEqual(to: "none"), derivation.isEqual(to: "none") else { throw .encrypted(.openSSH) }
        var privatePart = OpenSSHPrivateKey(bytes: try self.string())
        guard options.isEmpty, self.position == self.bytes.count else { throw .damaged(.openSSH) }
        return try privatePart.privateKey(publicKey: try publicPart.string())
    }

    /// Two equal numbers, then the key, a comment and padding.
    private mutating func privateKey(publicKey: SecretBytes) throws(PrivateKeyError) -> Ed25519PrivateKey {
        guard try self.number() == self.number() else { throw .damaged(.openSSH) }
        try self.checkAlgorithm()
        let publicCopy = try self.string()
        let pair = try self.string()
        _ = try self.string()
        let padding = self.bytes.count - self.position
        guard padding < Self.blockSize, self.bytes.count.isMultiple(of: Self.blockSize),
            (0..<padding).allSatisfy({ self.bytes.byte(at: self.position + $0) == UInt8($0 + 1) })
        else { throw .damaged(.openSSH) }
        guard pair.count == 2 * Ed25519PrivateKey.byteCount, publicCopy == publicKey,
            pair.part(Ed25519PrivateKey.byteCount..<pair.count) == publicKey,
            let seed = pair.part(0..<Ed25519PrivateKey.byteCount), let key = try? Ed25519PrivateKey(seed: seed),
            SecretBytes(key.publicKey) == publicKey
        else { throw .damaged(.openSSH) }
        return key
    }

    private mutating func checkAlgorithm() throws(PrivateKeyError) {
        let name = try self.string()
        guard name.isEqual(to: Self.algorithm) else { throw .otherAlgorithm(Self.shown(name)) }
    }

    /// The name of an algorithm, which is not a secret in a valid file; hidden in an invalid one.
    private static func shown(_ name: SecretBytes) -> String {
        let text = name.text
        let isName = text.utf8.count <= 64 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        return isName && !text.isEmpty ? "'\(text)'" : "something unknown"
    }

    // MARK: - The parts of SSH's format (RFC 4251 section 5)

    private mutating func number() throws(PrivateKeyError) -> UInt32 {
        var number: UInt32 = 0
        for offset in 0..<4 {
            guard let byte = self.bytes.byte(at: self.position + offset) else { throw .damaged(.openSSH) }
            number = number << 8 | UInt32(byte)
        }
        self.position += 4
        return number
    }

    private mutating func string() throws(PrivateKeyError) -> SecretBytes {
        let count = Int(try self.number())
        guard count <= self.bytes.count - self.position,
            let string = self.bytes.part(self.position..<(self.position + count))
        else { throw .damaged(.openSSH) }
        self.position += count
        return string
    }
}

extension SecretBytes {
    fileprivate func isEqual(to text: StaticString) -> Bool {
        self.count == text.utf8CodeUnitCount && self.starts(with: text)
    }
}

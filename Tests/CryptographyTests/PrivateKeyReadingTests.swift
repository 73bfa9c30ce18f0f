import Testing

@testable import Cryptography

@Suite struct PrivateKeyReadingTests {
    static let seed = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    private static let publicKey = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"

    private func error(_ content: SecretBytes) -> PrivateKeyError? {
        do throws(PrivateKeyError) {
            _ = try Ed25519PrivateKey.read(content)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        seed, seed.uppercased(), seed + "\n", " \t\(seed)\r\n\r\n", KeyFixtures.pem, KeyFixtures.pem + "\n",
        KeyFixtures.openSSH, "\n" + KeyFixtures.openSSH + "\n", KeyFixtures.openSSH.replacing("\n", with: "\r\n"),
        KeyFixtures.pem.replacing("\n", with: "\r\n"),
    ])
    func formats(_ text: String) throws {
        #expect(try Ed25519PrivateKey.read(SecretBytes(text)).publicKeyText == Self.publicKey)
    }

    @Test func theOctetsThemselves() throws {
        #expect(try Ed25519PrivateKey.read(SecretBytes(Array(0..<32))).publicKeyText == Self.publicKey)
        // A password of 32 characters is not a key.
        for password in ["correct-horse-battery-staple-123", "correct-horse-battery-staple-12\n"] {
            #expect(self.error(SecretBytes(password)) == .unknownFormat)
        }
    }

    @Test(arguments: [
        ("", PrivateKeyError.unknownFormat), ("hello", .unknownFormat), ("\u{0}", .unknownFormat),
        (String(seed.dropLast()), .digits(count: 63)), (seed + seed, .digits(count: 128)),
        ("0x" + seed, .digits(count: 66)), (seed.replacing("1f", with: "1g"), .digits(count: 64)),
        (String(repeating: "0", count: 1000), .unknownFormat),
        (KeyFixtures.publicPEM, .publicKey), (KeyFixtures.publicOpenSSH, .publicKey),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", .certificate),
        (KeyFixtures.encryptedPEM, .encrypted(.pem)), (KeyFixtures.encryptedEllipticPEM, .encrypted(.pem)),
        (KeyFixtures.encryptedOpenSSH, .encrypted(.openSSH)),
        (KeyFixtures.ellipticPEM, .otherAlgorithm("id-ecPublicKey")),
        (KeyFixtures.x25519PEM, .otherAlgorithm("X25519")),
        (KeyFixtures.ellipticOpenSSH, .otherAlgorithm("'ecdsa-sha2-nistp256'")),
        ("-----BEGIN PRIVATE KEY-----", .damaged(.pem)), ("-----BEGIN PRIVATE KEY-----\nAAAA\n", .damaged(.pem)),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", .damaged(.openSSH)),
        (KeyFixtures.pem.replacing("IAAB", with: "IAA"), .damaged(.pem)),
    ])
    func whatIsNotAKey(_ text: String, _ expected: PrivateKeyError) {
        #expect(self.error(SecretBytes(text)) == expected)
        #expect(!expected.problem.isEmpty && !expected.remedy.isEmpty)
    }

    /// Cut anywhere, a key is refused, and nothing worse happens.
    @Test(arguments: [KeyFixtures.pem, KeyFixtures.openSSH, KeyFixtures.ellipticOpenSSH])
    func truncated(_ text: String) {
        for count in 0..<text.utf8.count {
            // OpenSSL ignores missing dashes in the last line.
            let rest = SecretBytes(text.utf8.prefix(count))
            guard let error = self.error(rest) else {
                Issue.record("a key of \(count) octets was read")
                continue
            }
            #expect(error != .severalKeys)
        }
    }

    /// One octet of the container is changed: it is refused, whichever octet it was.
    @Test func damagedOpenSSH() throws {
        let text = KeyFixtures.openSSH
        let lines = text.split(separator: "\n").dropFirst().dropLast()
        let container = try #require(Base64.decode(Array(lines.joined().utf8)))
        var accepted: [Int] = []
        for index in container.indices {
            for change: UInt8 in [0x01, 0x80, 0xFF] {
                var damaged = container
                damaged[index] ^= change
                let body = String(decoding: Base64.encode(damaged), as: UTF8.self)
                let read = "-----BEGIN OPENSSH PRIVATE KEY-----\n\(body)\n-----END OPENSSH PRIVATE KEY-----\n"
                if self.error(SecretBytes(read)) == nil { accepted.append(index) }
            }
        }
        #expect(accepted.isEmpty)
    }

    @Test func lengthsBeyondTheEnd() {
        let bodies: [[UInt8]] = [
            [0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF, 0], [0, 0, 0, 5, 1, 2], [0, 0, 0], [],
            // No key, and several.
            [0, 0, 0, 4] + Array("none".utf8) + [0, 0, 0, 4] + Array("none".utf8) + [0, 0, 0, 0, 0, 0, 0, 0],
        ]
        for body in bodies {
            let container = String(decoding: Base64.encode(Array("openssh-key-v1\0".utf8) + body), as: UTF8.self)
            let text = "-----BEGIN OPENSSH PRIVATE KEY-----\n\(container)\n-----END OPENSSH PRIVATE KEY-----"
            #expect(self.error(SecretBytes(text)) == .damaged(.openSSH))
        }
        let several =
            [0, 0, 0, 4] + Array("none".utf8) + [0, 0, 0, 4] + Array("none".utf8) + [0, 0, 0, 0, 0, 0, 0, 2]
        let container = String(decoding: Base64.encode(Array("openssh-key-v1\0".utf8) + several), as: UTF8.self)
        #expect(
            self.error(
                SecretBytes("-----BEGIN OPENSSH PRIVATE KEY-----\n\(container)\n-----END OPENSSH PRIVATE KEY-----"))
                == .severalKeys)
    }
}

import Testing

@testable import Cryptography

@Suite struct Argon2idTests {
    @Test(.enabled(if: Argon2id.isAvailable, "OpenSSL has Argon2id from 3.2 on")) func vector() throws {
        let key = try Argon2id.key(
            password: SecretBytes("pencil"), salt: Array(0..<16), iterations: 2, memory: 1024, byteCount: 32)
        #expect(
            Hexadecimal.encode(key.bytes) == "7cc7d86a25f210d79fd7fa899056e928890e9fb8630afdd4edc75df33f8941f8")
        #expect(Base64.encode(key, isPadded: false).text == "fMfYaiXyENef1/qJkFbpKIkOn7hjCv3U7cdd8z+JQfg")
    }

    @Test(.disabled(if: Argon2id.isAvailable, "this OpenSSL has Argon2id")) func isMissed() {
        #expect(throws: CryptographyError(operation: .argon2id)) {
            try Argon2id.key(
                password: SecretBytes("pencil"), salt: Array(0..<16), iterations: 2, memory: 1024, byteCount: 32)
        }
    }

    @Test(arguments: [(0, 64, 16), (-1, 64, 16), (1, 7, 16), (1, 64, 7), (.max, 64, 16), (1, .max, 16)])
    func refusesNumbersOutOfRange(iterations: Int, memory: Int, salt: Int) {
        #expect(throws: CryptographyError(operation: .argon2id)) {
            try Argon2id.key(
                password: SecretBytes("p"), salt: [UInt8](repeating: 1, count: salt), iterations: iterations,
                memory: memory, byteCount: 32)
        }
    }
}

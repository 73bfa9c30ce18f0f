import Testing

@testable import Cryptography

@Suite struct ScramKeysTests {
    /// RFC 7677 section 3.
    private static let authMessage = Array(
        ("n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            + "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0").utf8)
    private static let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    private static let signature = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

    private let saltedPassword: SecretBytes

    init() throws {
        self.saltedPassword = try PBKDF2.sha256(
            password: SecretBytes("pencil"), salt: try #require(Base64.decode(Array("W22ZaJ0SNY7soEsUEjb6gQ==".utf8))),
            iterations: 4096, byteCount: 32)
    }

    private func octets(_ base64: String) throws -> [UInt8] {
        try #require(Base64.decode(Array(base64.utf8)))
    }

    @Test func client() throws {
        let keys = try ScramClientKeys(saltedPassword: self.saltedPassword)
        #expect(try keys.proof(of: Self.authMessage) == self.octets(Self.proof))
        #expect(try keys.serverSignature(of: Self.authMessage) == self.octets(Self.signature))
    }

    @Test func server() throws {
        let keys = try ScramServerKeys(saltedPassword: self.saltedPassword)
        var proof = try self.octets(Self.proof)
        #expect(try keys.isProof(proof, of: Self.authMessage))
        #expect(try keys.signature(of: Self.authMessage) == self.octets(Self.signature))
        #expect(try !keys.isProof(proof, of: Self.authMessage + [0]))
        #expect(try !keys.isProof(Array(proof.dropLast()), of: Self.authMessage))
        proof[31] ^= 1
        #expect(try !keys.isProof(proof, of: Self.authMessage))
    }
}

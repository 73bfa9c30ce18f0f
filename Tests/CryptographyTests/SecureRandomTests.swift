import Testing

@testable import Cryptography

@Suite struct SecureRandomTests {
    @Test func isNotTheSameTwice() throws {
        let first = try SecureRandom.bytes(count: 32)
        let second = try SecureRandom.bytes(count: 32)
        #expect(first.count == 32)
        #expect(first != second)
    }

    @Test func zeroOctets() throws {
        #expect(try SecureRandom.bytes(count: 0).isEmpty)
        #expect(try SecureRandom.bytes(count: -1).isEmpty)
    }
}

import Testing

@testable import Cryptography

@Suite struct SecretBytesTests {
    @Test func keepsOctets() {
        let secret = SecretBytes([1, 2, 3, 4])
        #expect(secret.count == 4)
        #expect(secret.bytes == [1, 2, 3, 4])
        #expect(secret.byte(at: 3) == 4)
        #expect(secret.byte(at: 4) == nil)
        #expect(secret.byte(at: -1) == nil)
        #expect(secret.part(1..<3)?.bytes == [2, 3])
        #expect(secret.part(4..<4)?.isEmpty == true)
        #expect(secret.part(3..<5) == nil)
        #expect(secret.part(-1..<2) == nil)
        #expect(SecretBytes("größe").text == "größe")
        #expect(SecretBytes("").isEmpty)
    }

    @Test func beginsWithATextAnywhere() {
        let secret = SecretBytes("abcabd")
        #expect(secret.starts(with: "abc"))
        #expect(secret.starts(with: "abd", at: 3))
        #expect(!secret.starts(with: "abd", at: 4))
        #expect(!secret.starts(with: "abd", at: 7))
        #expect(!secret.starts(with: "abd", at: -1))
        #expect(secret.starts(with: "", at: 6))
    }

    @Test func isComparedByItsOctets() {
        #expect(SecretBytes([1, 2]) == SecretBytes([1, 2]))
        #expect(SecretBytes([1, 2]) != SecretBytes([1, 3]))
        #expect(SecretBytes([1, 2]) != SecretBytes([1, 2, 3]))
        #expect(SecretBytes("") == SecretBytes([UInt8]()))
        #expect(Set([SecretBytes([1]), SecretBytes([2]), SecretBytes([1])]).count == 2)
    }

    @Test func showsNothing() {
        let secret = SecretBytes("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        dump([secret], to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), String(describing: [secret]), dumped] {
            #expect(!text.contains("hunter2") && !text.contains("104"), "\(text)")
        }
    }

    @Test func keepsNoMoreThanThereIsRoomFor() {
        #expect(SecretBytes(capacity: 2) { _ in 5 }.count == 2)
        #expect(SecretBytes(capacity: 2) { _ in -1 }.isEmpty)
        #expect(SecretBytes(capacity: -1) { $0.count }.isEmpty)
    }

    @Test func failureToFillIsThrown() {
        #expect(throws: CryptographyError(operation: .hmac)) {
            try SecretBytes(capacity: 4) { _ throws(CryptographyError) in throw CryptographyError(operation: .hmac) }
        }
    }
}

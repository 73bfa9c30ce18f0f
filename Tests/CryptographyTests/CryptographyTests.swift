import Testing

@testable import Cryptography

@Suite struct SHA256Tests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func standardVectors(text: String, hash: String) throws {
        #expect(Hexadecimal.encode(try SHA256.hash(Array(text.utf8))) == hash)
    }
}

/// RFC 4231.
@Suite struct HMACTests {
    @Test func key20Octets() throws {
        let code = try HMAC.sha256(Array("Hi There".utf8), key: [UInt8](repeating: 0x0B, count: 20))
        #expect(Hexadecimal.encode(code) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    }

    @Test func shortKey() throws {
        let code = try HMAC.sha256(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(Hexadecimal.encode(code) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test func keyLongerThanABlock() throws {
        let message = "Test Using Larger Than Block-Size Key - Hash Key First"
        let code = try HMAC.sha256(Array(message.utf8), key: [UInt8](repeating: 0xAA, count: 131))
        #expect(Hexadecimal.encode(code) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test func emptyKeyAndMessage() throws {
        let code = try HMAC.sha256([], key: [])
        #expect(Hexadecimal.encode(code) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }
}

@Suite struct PBKDF2Tests {
    /// RFC 7914 section 11.
    @Test(arguments: [
        (
            "passwd", "salt", 1,
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
        ),
        (
            "Password", "NaCl", 80_000,
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
                + "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"
        ),
    ])
    func standardVectors(password: String, salt: String, iterations: Int, key: String) throws {
        let derived = try PBKDF2.sha256(
            password: Array(password.utf8), salt: Array(salt.utf8), iterations: iterations, byteCount: 64)
        #expect(Hexadecimal.encode(derived) == key)
    }

    @Test(arguments: [(0, 32), (-1, 32), (Int.max, 32), (1, 0), (1, -1)])
    func refusesNumbersOutOfRange(iterations: Int, byteCount: Int) {
        #expect(throws: CryptographyError(operation: .pbkdf2)) {
            try PBKDF2.sha256(password: [1], salt: [2], iterations: iterations, byteCount: byteCount)
        }
    }
}

@Suite struct SecureRandomTests {
    @Test func isNotTheSameTwice() throws {
        let first = try SecureRandom.bytes(count: 32)
        let second = try SecureRandom.bytes(count: 32)
        #expect(first.count == 32)
        #expect(first != second)
    }

    @Test func noneAreNone() throws {
        #expect(try SecureRandom.bytes(count: 0).isEmpty)
        #expect(try SecureRandom.bytes(count: -1).isEmpty)
    }
}

@Suite struct ConstantTimeTests {
    @Test func comparesAllOctets() {
        #expect(ConstantTime.areEqual([], []))
        #expect(ConstantTime.areEqual([1, 2, 3], [1, 2, 3]))
        #expect(!ConstantTime.areEqual([1, 2, 3], [1, 2, 4]))
        #expect(!ConstantTime.areEqual([1, 2, 3], [0, 2, 3]))
        #expect(!ConstantTime.areEqual([1, 2, 3], [1, 2]))
    }
}

@Suite struct Base64Tests {
    /// RFC 4648 section 10, and the two characters that are neither letters nor digits.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"), ("\u{3FF}\u{3FF}", "z7/Pvw=="), ("~~~", "fn5+"),
    ])
    func standardVectors(text: String, base64: String) {
        #expect(String(decoding: Base64.encode(Array(text.utf8)), as: UTF8.self) == base64)
        #expect(Base64.decode(Array(base64.utf8)) == Array(text.utf8))
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zm9v\n", "Zm9-", "Zm9_", "Zg==Zg==", "Z=g=", "=Zg=", "Zm 9v",
    ])
    func refuses(text: String) {
        #expect(Base64.decode(Array(text.utf8)) == nil)
    }

    @Test func allOctetsAtAllLengths() {
        for count in 0...258 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ count) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
    }
}

@Suite struct HexadecimalTests {
    @Test func allOctets() {
        let bytes = (0...255).map { UInt8($0) }
        let text = Hexadecimal.encode(bytes)
        #expect(text.hasPrefix("000102"))
        #expect(text.hasSuffix("fdfeff"))
        #expect(Hexadecimal.decode(text) == bytes)
        #expect(Hexadecimal.decode(text.uppercased()) == bytes)
    }

    @Test(arguments: ["0", "0g", "g0", "00 ", "é0"])
    func refuses(text: String) {
        #expect(Hexadecimal.decode(text) == nil)
    }
}

import Testing

@testable import Cryptography

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

@Suite struct SecretBase64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy"),
    ])
    func bothWays(_ plain: String, _ text: String) {
        #expect(Base64.encode(SecretBytes(plain)).text == text)
        #expect(Base64.encode(SecretBytes(plain), isPadded: false).text == text.replacing("=", with: ""))
        #expect(Base64.decode(SecretBytes(text))?.text == plain)
    }

    @Test func blanksAreLeftOut() {
        #expect(Base64.decode(SecretBytes("\n Zm9v\r\n\tYmFy \n"))?.text == "foobar")
    }

    @Test(arguments: ["Zg", "Zg=", "Z===", "Zm9*", "=Zm9v", "Zm9v="]) func refuses(_ text: String) {
        #expect(Base64.decode(SecretBytes(text)) == nil)
    }
}

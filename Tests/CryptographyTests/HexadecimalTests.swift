import Testing

@testable import Cryptography

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

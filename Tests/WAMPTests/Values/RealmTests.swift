import Testing

@testable import WAMP

@Suite struct RealmTests {
    @Test(arguments: [
        "realm1", "abc", "A-b_c@d.e1", "0x0123456789abcdefABCDEF0123456789abcdef01",
        String(repeating: "r", count: 255),
    ])
    func takesRealms(text: String) throws {
        #expect(try Realm(text).text == text)
    }

    @Test(arguments: [
        ("", URIError.empty), ("ab", .realmLength), ("1abc", .realmStart), ("_abc", .realmStart),
        ("realm 1", .whiteSpace), ("realm#1", .realmCharacter), ("rälm", .realmCharacter),
        ("0x0123", .realmStart), ("0x0123456789abcdefABCDEF0123456789abcdef0g", .realmStart),
        (String(repeating: "r", count: 256), .realmLength),
    ])
    func refusesOthers(text: String, error: URIError) {
        #expect(throws: error) { try Realm(text) }
    }
}

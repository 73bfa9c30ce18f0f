import Testing

@testable import Names

@Suite struct RealmTests {
    @Test(arguments: [
        "realm1", "ab", "1abc", "_abc", "A-b_c@d.e1", "rälm", "com.example.shop/eu:1",
        "0x0123456789abcdefABCDEF0123456789abcdef01", String(repeating: "r", count: 300),
    ])
    func takesAnyURI(text: String) throws {
        #expect(try Realm(text).text == text)
    }

    @Test(arguments: [
        ("", URIError.empty), ("realm 1", .whiteSpace), ("realm#1", .numberSign), ("a..b", .emptyComponent),
        ("a.", .emptyComponent), ("a\u{1}", .controlCharacter),
    ])
    func refusesOthers(text: String, error: URIError) {
        #expect(throws: error) { try Realm(text) }
    }
}

import Testing

@testable import Names

@Suite struct URITests {
    @Test(arguments: ["a", "com.example.add2", "com.example.Größe", "com.a-b_c.1", "wamp.error.timeout", "0.0"])
    func takesURIs(text: String) throws {
        #expect(try URI(text).text == text)
        #expect(try URI(pattern: text, match: .exact).text == text)
        #expect(try URI(pattern: text, match: .prefix).text == text)
        #expect(try URI(pattern: text, match: .wildcard).text == text)
    }

    @Test(arguments: [
        ("", URIError.empty), (".", .emptyComponent), ("com..bad", .emptyComponent), ("com.", .emptyComponent),
        (".com", .emptyComponent), ("com. bad", .whiteSpace), ("com.a\tb", .whiteSpace), ("a\u{A0}b", .whiteSpace),
        ("a\u{2028}b", .whiteSpace), ("a#b", .numberSign), ("a\u{0}b", .controlCharacter),
        ("a\u{7F}b", .controlCharacter),
    ])
    func refusesOthers(text: String, error: URIError) {
        #expect(throws: error) { try URI(text) }
        #expect(throws: error) { try URI(pattern: text, match: .exact) }
    }

    @Test func aPrefixMayEndInADot() throws {
        #expect(try URI(pattern: "com.app.", match: .prefix).text == "com.app.")
        #expect(throws: URIError.emptyComponent) { try URI(pattern: "com..app", match: .prefix) }
        #expect(throws: URIError.emptyComponent) { try URI(pattern: ".com", match: .prefix) }
        #expect(throws: URIError.numberSign) { try URI(pattern: "com.#", match: .prefix) }
        #expect(throws: URIError.empty) { try URI(pattern: "", match: .prefix) }
    }

    @Test(arguments: ["com.example.sensor..read", "com..", ".read", "..", "."])
    func aWildcardMayHaveEmptyComponents(text: String) throws {
        #expect(try URI(pattern: text, match: .wildcard).text == text)
    }

    @Test func aWildcardMayHaveNothingElse() {
        #expect(throws: URIError.whiteSpace) { try URI(pattern: "com.. x", match: .wildcard) }
        #expect(throws: URIError.empty) { try URI(pattern: "", match: .wildcard) }
    }

    @Test func saysWhatIsWrong() {
        #expect(URIError.emptyComponent.description == "has an empty component")
        #expect(URIError.numberSign.description == "contains '#'")
    }
}

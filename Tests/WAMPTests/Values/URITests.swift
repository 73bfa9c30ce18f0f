import Testing

@testable import WAMP

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

@Suite struct WAMPErrorTests {
    @Test(arguments: [
        "wamp.error.not_authorized", "wamp.error.authentication_failed", "wamp.error.authentication_denied",
        "wamp.error.authorization_failed", "wamp.error.no_auth_method", "wamp.error.no_matching_auth_method",
        "wamp.error.no_such_principal", "wamp.error.no_such_role",
    ])
    func credentials(reason: String) {
        #expect(WAMPError.isAboutCredentials(reason))
    }

    @Test(arguments: ["wamp.error.no_such_realm", "wamp.error.protocol_violation", "wamp.close.killed", ""])
    func otherReasons(reason: String) {
        #expect(!WAMPError.isAboutCredentials(reason))
    }

    @Test func bothSpellings() {
        #expect(WAMPError.isCanceled("wamp.error.canceled"))
        #expect(WAMPError.isCanceled("wamp.error.cancelled"))
        #expect(!WAMPError.isCanceled("wamp.error.timeout"))
    }
}

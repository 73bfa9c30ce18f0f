import Testing

@testable import SidecarConfiguration

@Suite struct ShownTests {
    @Test func quotesShortensAndEscapes() {
        #expect(Shown.quoted("com.example.größe") == "'com.example.größe'")
        #expect(Shown.quoted("a\nb\u{1B}[31m\u{202E}") == "'a\\u{a}b\\u{1b}[31m\\u{202e}'")
        #expect(Shown.quoted(String(repeating: "x", count: 100)) == "'\(String(repeating: "x", count: 80))...'")
    }

    @Test func choices() {
        #expect(Shown.choice([]) == "")
        #expect(Shown.choice(["a"]) == "a")
        #expect(Shown.choice(["a", "b", "c"]) == "a, b or c")
    }
}

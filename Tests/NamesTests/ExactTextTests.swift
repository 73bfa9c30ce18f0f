import Testing

@testable import Names

@Suite("Texts as octets")
struct ExactTextTests {
    @Test("texts that Unicode calls equivalent are different")
    func canonicalEquivalence() throws {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        #expect(composed == decomposed, "Swift's own comparison must call them equal, or the test shows nothing")
        #expect(ExactText(composed) != ExactText(decomposed))
        #expect(!ExactText.areSame(composed, decomposed))
        #expect(ExactText.areSame(composed, "caf" + "\u{E9}"))
        #expect(Set([ExactText(composed), ExactText(decomposed), ExactText("caf" + "\u{E9}")]).count == 2)
        #expect(try URI(composed) != URI(decomposed))
        #expect(try Set([URI(composed), URI(decomposed), URI(composed)]).count == 2)
        #expect(try URI("com.example.a") == URI("com.example.a"))
    }
}

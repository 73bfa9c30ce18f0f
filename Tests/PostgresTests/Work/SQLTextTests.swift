import Postgres
import Testing

/// Texts from outside, as the server reads them: as octets, not Characters.
@Suite struct SQLTextTests {
    @Test(arguments: [
        ("a.b", "{\"a.b\"}"), ("", "{\"\"}"), ("a\"b", "{\"a\\\"b\"}"), ("a\\b", "{\"a\\\\b\"}"),
        ("a\"\u{301}b", "{\"a\\\"\u{301}b\"}"), ("a\\\u{301}", "{\"a\\\\\u{301}\"}"),
    ])
    func arrayEscapesScalars(element: String, text: String) {
        #expect(SQLText.array([element]) == text)
    }

    @Test func quotesAreDoubledWhereverTheyStand() {
        #expect(SQLText.identifier("a\"b") == "\"a\"\"b\"")
        // A combining mark makes one Character with the quote, which is still a quote.
        #expect(SQLText.identifier("\"\u{301}") == "\"\"\"\u{301}\"")
        #expect(SQLText.literal("it's") == "'it''s'")
        #expect(SQLText.literal("\\'") == "E'\\\\'''")
        #expect(SQLText.qualified("public", "f") == "\"public\".\"f\"")
        #expect(SQLText.plain("add2") == "add2")
        #expect(SQLText.plain("Add2") == "\"Add2\"")
    }
}

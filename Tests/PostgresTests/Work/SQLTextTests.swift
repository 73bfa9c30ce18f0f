import Postgres
import Testing

/// Texts from outside, as the server reads them: it knows octets and no Characters.
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
        // A combining mark makes one Character of the quote and itself; it is a quote all the same.
        #expect(SQLText.identifier("\"\u{301}") == "\"\"\"\u{301}\"")
        #expect(SQLText.literal("it's") == "'it''s'")
        #expect(SQLText.literal("\\'") == "E'\\\\'''")
        #expect(SQLText.qualified("public", "f") == "\"public\".\"f\"")
        #expect(SQLText.plain("add2") == "add2")
        #expect(SQLText.plain("Add2") == "\"Add2\"")
    }
}

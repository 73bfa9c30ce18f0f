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
}

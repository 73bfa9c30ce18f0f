import Testing

@testable import SidecarConfiguration

@Suite struct SuggestionTests {
    @Test(arguments: [
        ("fucntion", "function"), ("funtion", "function"), ("Function", "function"), ("time_out", "timeout"),
        ("max-rows", "max_rows"), ("sqll", "sql"), ("roel", "role"), ("conccurrency", "concurrency"),
    ])
    func finds(_ word: String, _ expected: String) {
        #expect(Suggestion.nearest(to: word, among: KeyTable.procedure.now) == expected)
    }

    @Test(arguments: ["", "hunter2", "xyz", String(repeating: "function", count: 100)])
    func findsNothing(_ word: String) {
        #expect(Suggestion.nearest(to: word, among: KeyTable.procedure.now) == nil)
    }

    @Test(arguments: [
        ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3),
        ("ca", "abc", 3),
    ])
    func distances(_ first: String, _ second: String, _ expected: Int) {
        #expect(Suggestion.distance(Array(first.utf8), Array(second.utf8)) == expected)
    }
}

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
}

import Testing

@testable import Sidecar

@Suite struct LogTextTests {
    @Test(arguments: [
        ("", ""), ("plain\nlines é😀 \"=", "plain\nlines é😀 \"="), ("\u{1B}[31m\r\t", #"\u001b[31m\u000d\u0009"#),
        ("\u{202E}\u{2028}\u{E0001}", #"\u202e\u2028\udb40\udc01"#), ("\r\n", "\\u000d\n"),
    ])
    func visible(_ text: String, _ expected: String) {
        #expect(LogText.visible(text) == expected)
    }

    @Test(arguments: [
        ("plain", "plain"), ("com.example.é", "com.example.é"), ("", "\"\""), ("a b", "\"a b\""), ("a=b", "\"a=b\""),
        ("a\nb", "\"a\\nb\""), ("\u{1B}[2J", "\"\\u001b[2J\""), ("a\u{85}b", "\"a\\u0085b\""),
        ("a\u{202E}b", "\"a\\u202eb\""), ("a\u{200B}b", "\"a\\u200bb\""),
        ("a\u{2028}b\u{2029}", "\"a\\u2028b\\u2029\""),
        ("\u{E0041}", "\"\\udb40\\udc41\""), ("a\"\u{301}", "\"a\\\"\u{301}\""),
    ])
    func textFormat(value: String, written: String) {
        #expect(LogText.quotedIfNeeded(value) == written)
    }

    @Test func cuts() {
        let longest = String(repeating: "é", count: LogText.mostOctets / 2)
        #expect(LogText.cut(longest) == longest)
        #expect(LogText.cut(longest + "x") == longest + ".. (\(LogText.mostOctets + 1) octets)")
        #expect(LogText.cut("x" + longest).utf8.count < LogText.mostOctets + 20)
    }
}

import Testing

@testable import load

struct JSONCursorTests {
    /// The result of `body` for a cursor over `text`.
    private func read<Result>(_ text: String, _ body: (inout JSONCursor) -> Result) -> Result {
        var text = text
        return text.withUTF8 { bytes in
            var cursor = JSONCursor(UnsafeRawBufferPointer(bytes))
            return body(&cursor)
        }
    }

    @Test func aYieldIsTakenApart() {
        let numbers = read(#" [70 , 12, {"x":[1,{"y":"]\""}]},[-19]]"#) { cursor -> [Int?] in
            let head = cursor.take("[") ? [cursor.integer(), cursor.take(",") ? cursor.integer() : nil] : []
            guard cursor.take(","), cursor.skipValue(), cursor.take(","), cursor.take("[") else { return head }
            let result = cursor.integer()
            guard cursor.take("]"), cursor.take("]"), cursor.peek() == nil else { return head }
            return head + [result]
        }
        #expect(numbers == [70, 12, -19])
    }

    @Test(arguments: ["", "-", "x", "\"1\"", "1234567890123456789"])
    func whatIsNoIntegerIsNone(text: String) {
        #expect(read(text) { $0.integer() } == nil)
    }

    @Test(arguments: ["", "[", "[1,", "{\"a\":", "\"open", "\"open\\", "]", ","])
    func whatEndsTooEarlyIsNotSkipped(text: String) {
        #expect(!read(text) { $0.skipValue() })
    }

    @Test(arguments: [
        (#"{"acknowledge":true}"#, true), (#"{"acknowledge": false}"#, false), ("{}", false),
        (#"{"x":{"acknowledge":true}}"#, false), (#"{"exclude_me":false,"acknowledge":true}"#, true),
    ])
    func acknowledgeIsFound(text: String, expected: Bool) {
        #expect(read(text) { $0.objectHasTrue("acknowledge") } == expected)
    }
}

import NIOCore
import Testing
import WAMP

@testable import ClientCommands

@Suite struct ClientPayloadTests {
    private func text(_ words: [String], _ keywords: String? = nil) throws -> [String?] {
        let payload = try ClientPayload(words, keywords: keywords).payload
        return [payload.arguments, payload.keywordArguments].map { $0.map { String(buffer: $0) } }
    }

    @Test(arguments: [
        ([], nil), (["1"], "[1]"), (["apple"], #"["apple"]"#), ([#""5""#, "5"], #"["5",5]"#), ([""], #"[""]"#),
        ([" "], #"[" "]"#), (["true", "True"], #"[true,"True"]"#), (["null"], "[null]"), (["nullx"], #"["nullx"]"#),
        (["01", "1.", "-", "+1", "0x1"], #"["01","1.","-","+1","0x1"]"#), (["-1.5e3"], "[-1.5e3]"),
        ([" [1, 2] "], "[[1, 2]]"), ([#"say "hi""#], #"["say \"hi\""]"#), (["a\nb\\"], #"["a\nb\\"]"#),
        (["é😀"], #"["é😀"]"#),
        (["1 2"], #"["1 2"]"#), (["1e999"], "[1e999]"),
    ])
    func words(_ words: [String], _ expected: String?) throws {
        #expect(try self.text(words) == [expected, nil])
    }

    @Test(arguments: ["[", "{", "\"", "[1,]", "{\"a\"}", "{a: 1}", "\"a\"b", " [1", "\"\u{7}\"", #""\ud800""#])
    func whatBeginsLikeJSONHasToBeIt(_ word: String) {
        #expect(throws: ClientUsageError.self) { try ClientPayload(["1", word], keywords: nil) }
    }

    @Test func deepNestingIsRefused() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: ClientUsageError.self) { try ClientPayload([deep], keywords: nil) }
    }

    @Test func keywords() throws {
        #expect(try self.text([], #" {"a":1} "#) == [nil, #"{"a":1}"#])
        #expect(try self.text(["1"], "{}") == ["[1]", "{}"])
        for faulty in ["", "[]", "1", "{", "null", "a=1"] {
            #expect(throws: ClientUsageError.self, "\(faulty)") { try ClientPayload([], keywords: faulty) }
        }
    }

    @Test(
        arguments: [
            (["a=1"], nil, nil, #"{"a":1}"#), (["x", "a=", "y"], nil, #"["x","y"]"#, #"{"a":""}"#),
            (["_9é=[1]"], nil, nil, #"{"_9é":[1]}"#), (["a=1"], #"{"b": [ ]}"#, nil, #"{"a":1,"b":[ ]}"#),
            (["9=1", "a-b=c", "a =1", "=", "?a=1"], nil, #"["9=1","a-b=c","a =1","=","?a=1"]"#, nil),
            (["a==", "b=c=d"], nil, nil, #"{"a":"=","b":"c=d"}"#), ([#""a=1""#], nil, #"["a=1"]"#, nil),
        ] as [([String], String?, String?, String?)])
    func names(_ words: [String], _ keywords: String?, _ arguments: String?, _ object: String?) throws {
        #expect(try self.text(words, keywords) == [arguments, object])
    }

    @Test func namesThatAreGivenTwice() {
        #expect(throws: ClientUsageError.self) { try ClientPayload(["a=1", "a=1"], keywords: nil) }
        #expect(throws: ClientUsageError.self) { try ClientPayload(["a=1"], keywords: #"{"a":2}"#) }
        // Two names, though Unicode considers them equivalent.
        #expect(throws: Never.self) { try ClientPayload(["\u{E9}=1", "e\u{301}=1"], keywords: nil) }
    }

    @Test func binary() throws {
        #expect(try ClientPayload([#""\u0000AP8=""#], keywords: nil).payload.containsNUL)
        #expect(try ClientPayload([], keywords: #"{"a":"\u0000AP8="}"#).payload.containsNUL)
        #expect(try !ClientPayload(["x"], keywords: nil).payload.containsNUL)
    }

    @Test(
        arguments: [
            ("1", "[1]", nil), (#""a""#, #"["a"]"#, nil), ("{}", "[{}]", nil), (#"{"args":[1]}"#, "[1]", nil),
            (#" {"kwargs":{"k":2}} "#, nil, #"{"k":2}"#), (#"{"args":[1],"k":2}"#, #"[{"args":[1],"k":2}]"#, nil),
            (#"{"args":1,"kwargs":{},"k":2}"#, #"[{"args":1,"kwargs":{},"k":2}]"#, nil),
            (#"{"args":[1],"kwargs":{"k":2}}"#, "[1]", #"{"k":2}"#),
            (#"{"topic":"t","publication":1,"args":[],"kwargs":{}}"#, "[]", "{}"),
        ] as [(String, String?, String?)])
    func lines(_ line: String, _ arguments: String?, _ keywords: String?) throws {
        let payload = try ClientPayload(line: ByteBuffer(string: line), number: 1).payload
        #expect(payload.arguments.map { String(buffer: $0) } == arguments)
        #expect(payload.keywordArguments.map { String(buffer: $0) } == keywords)
    }

    @Test func faultyLines() throws {
        for line in [
            "apple", "", "1 2", "{", #"{"args":1}"#, #"{"args":{},"kwargs":{}}"#, #"{"args":[1],"kwargs":[]}"#,
        ] {
            let error = #expect(throws: ClientUsageError.self) {
                try ClientPayload(line: ByteBuffer(string: line), number: 17)
            }
            #expect(error?.description.contains("line 17") == true)
        }
    }
}

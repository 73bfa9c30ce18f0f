import NIOCore
import Names
import Testing

@testable import WAMP

@Suite("What a NOTIFY's payload says")
struct PayloadTextTests {
    private static func read(_ text: String) throws -> (arguments: String?, keywordArguments: String?) {
        let payload = try PayloadText(ByteBuffer(string: text)).payload
        return (payload.arguments.map { String(buffer: $0) }, payload.keywordArguments.map { String(buffer: $0) })
    }

    @Test(
        "arguments, any other JSON, text, or nothing",
        arguments: [
            (#"{"args":[1,"a"],"kwargs":{"x":null}}"#, #"[1,"a"]"#, #"{"x":null}"#),
            (#" {"kwargs":{"x":1}} "#, nil, #"{"x":1}"#),
            (#"{"args":[]}"#, "[]", nil),
            (#"{"args":[1],"id":2}"#, #"[{"args":[1],"id":2}]"#, nil),
            (#"{"id":7}"#, #"[{"id":7}]"#, nil),
            ("{}", "[{}]", nil),
            ("[1,2]", "[[1,2]]", nil),
            (" 42 ", "[42]", nil),
            ("null", "[null]", nil),
            ("hello, \"you\"", #"["hello, \"you\""]"#, nil),
            ("{broken", #"["{broken"]"#, nil),
            ("", nil, nil),
        ] as [(String, String?, String?)])
    func payloads(text: String, arguments: String?, keywordArguments: String?) throws {
        let read = try Self.read(text)
        #expect(read.arguments == arguments)
        #expect(read.keywordArguments == keywordArguments)
    }

    @Test("args and kwargs of the wrong type can't be used")
    func wrongTypes() {
        #expect(throws: PayloadTextError.argumentsNotAnArray) { try Self.read(#"{"args":5}"#) }
        #expect(throws: PayloadTextError.keywordArgumentsNotAnObject) { try Self.read(#"{"args":[],"kwargs":[]}"#) }
    }

    @Test("a topic takes one component of a URI from the payload's object, or its kwargs")
    func components() throws {
        let plain = try PayloadText(ByteBuffer(string: #"{"id":7,"name":"a_b","bad":"a.b","list":[],"":""}"#))
        #expect(try plain.component("id") == "7")
        #expect(try plain.component("name") == "a_b")
        #expect(throws: PayloadTextError.keyNotUsable("bad")) { try plain.component("bad") }
        #expect(throws: PayloadTextError.keyNotUsable("list")) { try plain.component("list") }
        #expect(throws: PayloadTextError.keyNotUsable("")) { try plain.component("") }
        #expect(throws: PayloadTextError.keyMissing("none")) { try plain.component("none") }
        let nested = try PayloadText(ByteBuffer(string: #"{"args":[1],"kwargs":{"id":"x"}}"#))
        #expect(try nested.component("id") == "x")
        let text = try PayloadText(ByteBuffer(string: "hello"))
        #expect(throws: PayloadTextError.noObject) { try text.component("id") }
    }

    @Test(
        "values that would change the topic's structure are refused",
        arguments: ["a b", "a#", "", "\\u0000", "a\\tb", ".", "a.\u{301}b"])
    func hostile(value: String) throws {
        let payload = try PayloadText(ByteBuffer(string: "{\"id\":\"\(value)\"}"))
        #expect(throws: PayloadTextError.keyNotUsable("id")) { try payload.component("id") }
    }
}

import NIOCore
import Names
import Testing
import WAMP

@testable import Sidecar

@Suite("What a NOTIFY's payload says")
struct NotificationPayloadTests {
    private static func read(_ text: String) throws -> (arguments: String?, keywordArguments: String?) {
        let payload = try NotificationPayload(ByteBuffer(string: text)).payload
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
        #expect(throws: NotificationFault.argumentsNotAnArray) { try Self.read(#"{"args":5}"#) }
        #expect(throws: NotificationFault.keywordArgumentsNotAnObject) { try Self.read(#"{"args":[],"kwargs":[]}"#) }
    }

    @Test("a topic takes one component of a URI from the payload's object, or its kwargs")
    func components() throws {
        let plain = try NotificationPayload(ByteBuffer(string: #"{"id":7,"name":"a_b","bad":"a.b","list":[],"":""}"#))
        #expect(try plain.component("id") == "7")
        #expect(try plain.component("name") == "a_b")
        #expect(throws: NotificationFault.keyNotUsable("bad")) { try plain.component("bad") }
        #expect(throws: NotificationFault.keyNotUsable("list")) { try plain.component("list") }
        #expect(throws: NotificationFault.keyNotUsable("")) { try plain.component("") }
        #expect(throws: NotificationFault.keyMissing("none")) { try plain.component("none") }
        let nested = try NotificationPayload(ByteBuffer(string: #"{"args":[1],"kwargs":{"id":"x"}}"#))
        #expect(try nested.component("id") == "x")
        let text = try NotificationPayload(ByteBuffer(string: "hello"))
        #expect(throws: NotificationFault.noObjectForTopic) { try text.component("id") }
    }

    @Test(
        "values that would change the topic's structure are refused",
        arguments: ["a b", "a#", "", "\\u0000", "a\\tb", ".", "a.\u{301}b"])
    func hostile(value: String) throws {
        let payload = try NotificationPayload(ByteBuffer(string: "{\"id\":\"\(value)\"}"))
        #expect(throws: NotificationFault.keyNotUsable("id")) { try payload.component("id") }
    }
}

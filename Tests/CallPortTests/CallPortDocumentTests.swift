import NIOCore
import Names
import PostgresWire
import Testing
import WAMP

@testable import CallPort

@Suite("Documents of callers")
struct CallPortDocumentTests {
    private func document(_ text: String) throws -> CallPortDocument {
        try CallPortDocument(ByteBuffer(string: text))
    }

    @Test("everything that there can be, in any order, arguments octet for octet")
    func all() throws {
        let document = try self.document(
            #" {"options": {"timeout": 5}, "kwargs": { "a" : 1 }, "args": [ 1.0, "\u0000AQ==" ], "pid": 7, "#
                + #""rows": true, "key": "k\u0031", "call": "com.\u0061"} "#)
        #expect(document.operation == .call("com.a"))
        #expect(document.key == "k1")
        #expect(document.backend == 7)
        #expect(document.wantsRows)
        #expect(document.payload.arguments == ByteBuffer(string: #"[ 1.0, "\u0000AQ==" ]"#))
        #expect(document.payload.keywordArguments == ByteBuffer(string: #"{ "a" : 1 }"#))
        #expect(document.payload.containsNUL)
        #expect(document.options == ["timeout": .integer(5)])
        #expect(document.claim == nil)
        let proved = try self.document(#"{"mac": "m\u0031", "publish": "t", "nonce": "n"}"#)
        #expect(proved.claim == CallPortKey.Claim(nonce: "n", code: "m1"))
        #expect(
            try self.document(#"{"prove": true, "mac": "m", "nonce": "n", "pid": 1, "rows": true}"#).operation == .prove
        )
    }

    @Test("null is as good as nothing")
    func nulls() throws {
        let document = try self.document(
            #"{"publish": "t", "args": null, "kwargs": null, "options": null, "key": null, "pid": null, "rows": null}"#)
        #expect(document == (try self.document(#"{"publish": "t"}"#)))
        #expect(document.operation == .publish("t"))
        #expect(document.payload == .empty)
        #expect(!document.wantsRows)
    }

    @Test("a semicolon at the end, as people type it", arguments: [";", " ; ", ";;\n"])
    func terminator(text: String) throws {
        #expect(try self.document(#"{"call": "t"}"# + text) == self.document(#"{"call": "t"}"#))
    }

    @Test(
        "documents that are none",
        arguments: [
            "select 1", "", ";", "{};{}", "[]", "1", "{", "{}", #"{"call": "a""#, #"{"call": "a"} x"#,
            #"{"call": "a"}{"call": "a"}"#,
            #"{"args": []}"#,
            #"{"call": 1}"#, #"{"call": null}"#, #"{"publish": ["a"]}"#, #"{"call": "a", "publish": "b"}"#,
            #"{"call": "a", "call": "b"}"#, #"{"call": "a", "args": {}}"#, #"{"call": "a", "kwargs": []}"#,
            #"{"call": "a", "options": []}"#, #"{"call": "a", "pid": 0}"#, #"{"call": "a", "pid": 1.5}"#,
            #"{"call": "a", "pid": 4294967296}"#, #"{"call": "a", "pid": "1"}"#, #"{"call": "a", "rows": 1}"#,
            #"{"call": "a", "nonce": "n"}"#, #"{"call": "a", "mac": "m"}"#, #"{"call": "a", "nonce": 1, "mac": "m"}"#,
            #"{"prove": 1}"#, #"{"prove": true, "call": "a"}"#, #"{"status": true, "nonce": "n", "mac": "m"}"#,
            #"{"call": "a", "key": 1}"#, #"{"call": "a", "other": null}"#, #"{"call": "a", "args": [], "args": []}"#,
            #"{"status": false}"#, #"{"status": 1}"#, #"{"status": true, "rows": true}"#, #"{"Call": "a"}"#,
            #"{"call": "a", "args": [NaN]}"#, #"{"call": "a", "args": ["\ud800"]}"#,
        ])
    func faulty(text: String) {
        let error = #expect(throws: WireError.self) { try self.document(text) }
        #expect(error?.code == "42601")
        #expect(error?.severity == .error)
        #expect(error?.hint?.contains("status") == true)
    }

    @Test("nesting has an end")
    func nesting() {
        let deep = String(repeating: "[", count: 2000) + String(repeating: "]", count: 2000)
        #expect(throws: WireError.self) { try self.document("{\"call\": \"a\", \"args\": \(deep)}") }
    }
}

@Suite("What callers may ask for")
struct CallPortRequestTests {
    private func request(_ text: String, allowMeta: Bool = false) throws -> CallPortRequest {
        try CallPortRequest(
            try CallPortDocument(ByteBuffer(string: text)), timeout: .seconds(10), allowMeta: allowMeta)
    }

    private func code(_ text: String) -> String? {
        do {
            _ = try self.request(text)
            return nil
        } catch {
            return (error as? CallPortAnswer.Failure)?.code
        }
    }

    @Test("options of a call")
    func callOptions() throws {
        let request = try self.request(#"{"call": "a.b", "options": {"timeout": 20, "disclose_me": true}}"#)
        #expect(
            request.message == .call(try URI("a.b"), CallOptions(discloseMe: true), timeout: .milliseconds(20)))
        for (timeout, milliseconds) in [("0", 10_000), ("9223372036854775807", 2_147_483_647)] {
            let request = try self.request("{\"call\": \"a.b\", \"options\": {\"timeout\": \(timeout)}}")
            #expect(
                request.message
                    == .call(try URI("a.b"), CallOptions(), timeout: .milliseconds(Int64(milliseconds))))
        }
    }

    @Test(
        "what is refused, and why",
        arguments: [
            (#"{"call": "a..b"}"#, "22023"), (#"{"call": ""}"#, "22023"), (#"{"publish": "a b"}"#, "22023"),
            (#"{"call": "a", "options": {"timeout": -1}}"#, "22023"),
            (#"{"call": "a", "options": {"timeout": "1"}}"#, "22023"),
            (#"{"call": "a", "options": {"timeout": 1.5}}"#, "22023"),
            (#"{"call": "a", "options": {"acknowledge": true}}"#, "22023"),
            (#"{"call": "a", "options": {"receive_progress": true}}"#, "22023"),
            (#"{"call": "a", "options": {"_mine": 1}}"#, "22023"),
            (#"{"publish": "a", "options": {"acknowledge": 1}}"#, "22023"),
            (#"{"publish": "a", "options": {"timeout": 1}}"#, "22023"),
            (#"{"call": "wamp.session.kill"}"#, "42501"), (#"{"call": "wamp"}"#, "42501"),
            (#"{"publish": "wamp.session.on_join"}"#, "42501"),
        ])
    func refused(text: String, code: String) {
        #expect(self.code(text) == code)
    }

    @Test("the router's own, where that is allowed")
    func meta() throws {
        #expect(self.code(#"{"call": "wampum.a"}"#) == nil)
        _ = try self.request(#"{"call": "wamp.session.count"}"#, allowMeta: true)
    }
}

import NIOCore
import Testing
import WAMP

@testable import Functions

@Suite("The facts in an invocation's details")
struct InvocationFactsTests {
    private static func facts(_ details: String) -> InvocationFacts {
        InvocationFacts(Details(text: ByteBuffer(string: details)))
    }

    private static func texts(_ details: String) -> [String?] {
        let caller = self.facts(details).caller
        return [caller.session, caller.authid, caller.authrole, caller.procedure].map { $0.map { String(buffer: $0) } }
    }

    @Test("usually there are none", arguments: ["{}", "{ }", #"{"x_y":{"caller":1,"timeout":[2]}}"#])
    func nothing(_ details: String) {
        let facts = Self.facts(details)
        #expect(!facts.caller.isDisclosed && facts.caller.procedure == nil)
        #expect(facts.timeout == nil && !facts.receivesProgress)
    }

    @Test("the caller, the procedure, and the options")
    func all() {
        let details = #"""
            {"caller": 9007199254740992, "x": [{"caller_authid": "no"}], "caller_authid":"al\u0069ce",
            "caller_authrole":"user",
            "procedure":"com.example.add2","timeout":1500,"receive_progress":true,"trustlevel":3}
            """#
        #expect(Self.texts(details) == ["9007199254740992", "alice", "user", "com.example.add2"])
        #expect(Self.facts(details).timeout == 1500)
        #expect(Self.facts(details).receivesProgress)
    }

    @Test("of several equal keys the last counts, however it is written")
    func equalKeys() {
        #expect(Self.texts(#"{"caller_authid":"a","caller_\u0061uthid":"b"}"#)[1] == "b")
        #expect(Self.texts(#"{"caller_authid":"a","caller_authid":5}"#)[1] == nil)
        #expect(Self.facts(#"{"timeout":1,"timeout":2}"#).timeout == 2)
        #expect(!Self.facts(#"{"receive_progress":true,"receive_progress":false}"#).receivesProgress)
    }

    @Test("a value of another kind counts as not disclosed")
    func kinds() {
        #expect(
            Self.texts(#"{"caller":"5","caller_authid":null,"caller_authrole":["a"],"procedure":{}}"#)
                == [nil, nil, nil, nil])
        #expect(Self.texts(#"{"caller_authid":"a\u0000"}"#)[1] == nil, "no setting takes it")
        #expect(Self.texts(#"{"caller":1e3}"#)[0] == "1000")
        let facts = Self.facts(#"{"timeout":"5","receive_progress":"true"}"#)
        #expect(facts.timeout == nil && !facts.receivesProgress)
    }
}

import NIOCore
import Postgres
import Testing
import WAMP

@testable import Functions

@Suite("The checks and settings of a call")
struct CallSettingsTests {
    private static let timeout = TimeAmount.seconds(30)
    private static let alice = Details([
        "caller": .integer(5), "caller_authid": .string("alice"), "caller_authrole": .string("user"),
    ])

    private let settings = CallSettings(
        CleanSession(searchPath: "it's, public", role: "none", timeout: Self.timeout))

    private func precautions(
        _ function: FunctionDefinition = Sample.add2, timeout: TimeAmount = Self.timeout, role: String? = nil,
        details: Details = .empty
    ) throws -> (CallSettings.Precautions, text: String, values: [String?]) {
        let plan = try ProcedurePlan(function: function)
        let precautions = self.settings.precautions(
            for: plan, timeout: timeout, role: role, procedure: "p", caller: InvocationFacts(details).caller)
        let bound = try plan.bind(
            Payload(arguments: ByteBuffer(string: "[1,2]")), details: details, procedure: "p", gate: precautions.gate)
        return (precautions, bound.statement.text, bound.parameters.texts)
    }

    @Test("nothing is sent ahead, and nothing set, for an undisclosed caller")
    func undisclosed() throws {
        let (precautions, text, values) = try self.precautions()
        #expect(precautions.prelude == nil)
        #expect(values == ["1", "2"])
        #expect(text.contains("current_user operator(pg_catalog.=) session_user"))
        #expect(text.contains("current_setting('search_path') operator(pg_catalog.=) 'it''s, public'"))
        #expect(text.contains("current_setting('statement_timeout') operator(pg_catalog.=) '30s'"))
        for name in CleanSession.callerSettings { #expect(text.contains("current_setting('\(name)', true)")) }
        #expect(!text.contains("set_config"))
    }

    @Test("a disclosed caller is set by the call's statement")
    func disclosed() throws {
        let (precautions, text, values) = try self.precautions(details: Self.alice)
        #expect(precautions.prelude == nil)
        #expect(values == ["1", "2", "5", "alice", "user", "p"])
        #expect(text.contains("set_config('wamp.caller', $3, true) is not null"))
        #expect(text.contains("set_config('wamp.procedure', $6, true) is not null"))
    }

    @Test("only the deadline is sent ahead, if it differs")
    func deadline() throws {
        let (precautions, text, _) = try self.precautions(timeout: .milliseconds(1500))
        #expect(precautions.prelude?.1.texts == ["1500"])
        #expect(!text.contains("statement_timeout"))
        let (least, _, _) = try self.precautions(timeout: .nanoseconds(1), details: Self.alice)
        #expect(least.prelude?.1.texts == ["1"], "0 would be no deadline")
    }

    @Test("all of it is sent ahead if a role is set")
    func roles() throws {
        let (precautions, text, _) = try self.precautions(role: "reader", details: Self.alice)
        #expect(precautions.prelude?.1.texts == ["30000", "it's, public", "p", "5", "alice", "user", "reader"])
        #expect(precautions.gate.gate == nil)
        #expect(!text.contains("current_setting"))
    }

    @Test(
        "a set that the server may take for a part of the statement gets its caller ahead, another one by its statement"
    )
    func sets() throws {
        var function = Sample.add2
        function.returnsSet = true
        let (own, text, _) = try self.precautions(function, details: Self.alice)
        #expect(own.prelude == nil)
        #expect(text.contains("(select case when current_user"))
        #expect(text.contains("pg_catalog.pg_client_encoding() operator(pg_catalog.=) 'UTF8'"))
        function.isSQL = true
        #expect(try self.precautions(function, details: Self.alice).0.prelude != nil)
        #expect(try self.precautions(function).0.prelude == nil)
    }

    @Test("a procedure runs alone in a clean session, after its settings")
    func procedures() throws {
        var function = Sample.add2
        function.isProcedure = true
        let (alone, _, _) = try self.precautions(function)
        #expect(alone.prelude == nil)
        #expect(alone.needsCleanSession && alone.settings == nil)
        let (disclosed, _, _) = try self.precautions(function, details: Self.alice)
        #expect(disclosed.needsCleanSession && disclosed.prelude == nil)
        #expect(disclosed.settings?.contains("pg_catalog.set_config('wamp.caller_authid', 'alice', false)") == true)
    }

    @Test("an impossible value of a setting is not disclosed; of equal keys the last one counts")
    func hostile() {
        let caller = InvocationFacts(
            Details(["caller_authid": .string("a\0b"), "caller_authrole": .string("x"), "caller": .string("no number")])
        ).caller
        #expect(caller.authid == nil && caller.session == nil)
        #expect(caller.authrole.map { String(buffer: $0) } == "x")
        let twice = Details(text: ByteBuffer(string: #"{"caller_authid":"a","\u0063aller_authid":"b","timeout":7}"#))
        #expect(InvocationFacts(twice).caller.authid == ByteBuffer(string: "b"))
        #expect(InvocationFacts(twice).timeout == 7)
        #expect(!InvocationFacts(Details(text: ByteBuffer(string: #"{"caller":"#))).caller.isDisclosed)
    }

    @Test("all settings precede each event, as part of the text, and then its number")
    func events() {
        let preludes = self.settings.eventPreludes(timeout: .seconds(2), role: "a'b")
        for text in [preludes.guarded.text, preludes.plain.text] {
            #expect(text.contains("set_config('statement_timeout', '2000', true)"))
            #expect(text.contains("set_config('search_path', 'it''s, public', true)"))
            #expect(text.contains("set_config('role', 'a''b', true)"))
            #expect(text.contains("set_config('wamp.caller_authid', '', true)"))
        }
        #expect(preludes.guarded.text.contains("current_setting('wamp.seq', true) operator(pg_catalog.=) $1"))
        #expect(!preludes.plain.text.contains("wamp.seq"))
        let plain = self.settings.eventPreludes(timeout: .seconds(2), role: nil).plain
        #expect(plain.text.contains("'role', 'none', true"))
    }
}

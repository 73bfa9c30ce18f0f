import NIOCore
import Postgres
import Testing
import WAMP

@testable import Sidecar

@Suite("What is set ahead of a call")
struct CallSettingsTests {
    private static let timeout = TimeAmount.seconds(30)

    @Test("nothing, if the session's own settings are right")
    func nothing() {
        let settings = CallSettings(sessionTimeout: Self.timeout, isInUse: false)
        #expect(settings.prelude(timeout: Self.timeout, role: nil, procedure: "p", caller: .undisclosed) == nil)
    }

    @Test("only the deadline, if that is all that differs")
    func deadline() {
        let settings = CallSettings(sessionTimeout: Self.timeout, isInUse: false)
        let prelude = settings.prelude(timeout: .milliseconds(1500), role: nil, procedure: "p", caller: .undisclosed)
        #expect(prelude?.1.texts == ["1500"])
        let least = settings.prelude(timeout: .nanoseconds(1), role: nil, procedure: "p", caller: .undisclosed)
        #expect(least?.1.texts == ["1"], "0 would be no deadline")
    }

    @Test("all of it, if a mapping names a role: also for calls without one")
    func roles() {
        let settings = CallSettings(sessionTimeout: Self.timeout, isInUse: true)
        settings.searchPath = "shop"
        let prelude = settings.prelude(timeout: Self.timeout, role: nil, procedure: "p", caller: .undisclosed)
        #expect(prelude?.1.texts == ["30000", "shop", "p", "", "", "", "none"])
        let other = settings.prelude(timeout: Self.timeout, role: "reader", procedure: "p", caller: .undisclosed)
        #expect(other?.1.texts.last == "reader")
    }

    @Test("once a caller has been disclosed, every later call sets all of it")
    func sticky() {
        let settings = CallSettings(sessionTimeout: Self.timeout, isInUse: false)
        let details = Details([
            "caller": .integer(5), "caller_authid": .string("alice"), "caller_authrole": .string("user"),
        ])
        let first = settings.prelude(timeout: Self.timeout, role: nil, procedure: "p", caller: .init(details))
        #expect(first?.1.texts == ["30000", "\"$user\", public", "p", "5", "alice", "user", "none"])
        let second = settings.prelude(timeout: Self.timeout, role: nil, procedure: "p", caller: .undisclosed)
        #expect(second?.1.texts == ["30000", "\"$user\", public", "p", "", "", "", "none"])
    }

    @Test("a name that can't be a setting's value is not disclosed")
    func hostile() {
        let caller = CallSettings.Caller(Details(["caller_authid": .string("a\0b"), "caller_authrole": .string("x")]))
        #expect(caller.authid == nil)
        #expect(caller.authrole == "x")
    }

    @Test("all of it ahead of each event, as part of the text; its order is the rest")
    func events() {
        let settings = CallSettings(sessionTimeout: Self.timeout, isInUse: false)
        settings.searchPath = "it's, public"
        let preludes = settings.eventPreludes(timeout: .seconds(2), role: "a'b")
        for text in [preludes.guarded.text, preludes.plain.text] {
            #expect(text.contains("set_config('statement_timeout', '2000', true)"))
            #expect(text.contains("set_config('search_path', 'it''s, public', true)"))
            #expect(text.contains("set_config('role', 'a''b', true)"))
            #expect(text.contains("set_config('wamp.caller_authid', '', true)"))
        }
        #expect(preludes.guarded.text.contains("current_setting('wamp.seq', true) operator(pg_catalog.=) $1"))
        #expect(!preludes.plain.text.contains("wamp.seq"))
        #expect(settings.eventPreludes(timeout: .seconds(2), role: nil).plain.text.contains("'role', 'none', true"))
    }
}

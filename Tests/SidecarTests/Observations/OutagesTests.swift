import Names
import Postgres
import TestChecks
import Testing

@testable import Sidecar

@Suite struct OutagesTests {
    private let first = Outages.Subject.router(ExactText("wss://a"))
    private let second = Outages.Subject.router(ExactText("wss://b"))

    @Test func oneOutageIsOneLine() {
        var outages = Outages()
        check(outages.happened(.callPort, "taken"), true)
        check(outages.happened(.callPort, "taken"), false)
        check(outages.isOut(.callPort), true)
        check(outages.ended(.callPort), true)
        check(outages.isOut(.callPort), false)
        check(outages.ended(.callPort), false)
        check(outages.happened(.callPort, "taken"), true)
    }

    @Test func anotherReasonIsAnotherLine() {
        var outages = Outages()
        check(outages.happened(.database(.calls), "refused"), true)
        check(outages.happened(.database(.calls), "\u{E9}"), true)
        check(outages.happened(.database(.calls), "e\u{301}"), true)
        check(outages.happened(.database(.calls), "e\u{301}"), false)
        check(outages.happened(.database(.calls), "refused"), true)
        check(outages.ended(.database(.calls)), true)
    }

    @Test func eachByItself() {
        var outages = Outages()
        check(outages.happened(.database(.calls), "refused"), true)
        check(outages.happened(.database(.control), "refused"), true)
        check(outages.happened(.relay, "refused"), true)
        check(outages.ended(.database(.control)), true)
        check(outages.happened(.database(.calls), "refused"), false)
        check(outages.happened(.relay, "refused"), false)
    }

    /// The URLs of a list are tried in turn, each with its reason.
    @Test func routersOfAList() {
        var outages = Outages()
        check(outages.happened(self.first, "refused"), true)
        check(outages.happened(self.second, "no answer"), true)
        check(outages.happened(self.first, "refused"), false)
        check(outages.happened(self.second, "no answer"), false)
        check(outages.happened(.adminPort, "taken"), true)
        outages.routerJoined()
        check(outages.happened(self.first, "refused"), true)
        check(outages.happened(self.second, "no answer"), true)
        check(outages.happened(.adminPort, "taken"), false)
    }
}

import NIOCore
import Names
import Testing

@testable import Sidecar

@Suite("Whether it is ready, for who asks at the admin port")
struct ReadyPageTests {
    private static let faults = ComplaintSummary(
        named: [Complaint(name: "procedure 'a'", reason: "refused\nby the router")], others: 2)

    private static func answer(
        _ readiness: ReadinessAnswer, query: [String] = [], accept: String? = nil
    ) -> (status: AdminAnswer.Status, body: String, retryAfter: String?) {
        let answer = ReadyPage.answer(readiness, to: AdminRequest(path: "/ready", query: query, accept: accept))
        return (
            answer.status, String(buffer: answer.body), answer.headers.first { $0.name == "Retry-After" }?.value
        )
    }

    @Test("the first line says how it is")
    func ready() {
        #expect(Self.answer(.ready(isStandby: false)) == (.ok, "ready\n", nil))
        #expect(Self.answer(.ready(isStandby: true)) == (.ok, "standby\n", nil))
    }

    @Test("faults follow, a line each, and are red for who wants that")
    func faults() {
        let text = "ready with faults\nprocedure 'a': refused by the router\nand 2 more\n"
        #expect(Self.answer(.readyWithFaults(Self.faults, isStandby: true)) == (.ok, text, nil))
        #expect(
            Self.answer(.readyWithFaults(Self.faults, isStandby: true), query: ["faults=red"])
                == (.serviceUnavailable, text, "1"))
        #expect(Self.answer(.ready(isStandby: false), query: ["faults=red"]).status == .ok)
    }

    @Test("each line of what is not ready is a reason")
    func notReady() {
        let reasons = [Complaint(name: "router", reason: "no session"), Complaint(name: "database", reason: "down")]
        #expect(Self.answer(.notReady(reasons)) == (.serviceUnavailable, "router: no session\ndatabase: down\n", "1"))
    }

    @Test("the same for programs")
    func json() {
        let json = "application/json"
        #expect(
            Self.answer(.ready(isStandby: true), accept: json)
                == (.ok, #"{"faults":[],"ready":true,"reasons":[],"state":"standby"}"#, nil))
        #expect(
            Self.answer(.readyWithFaults(Self.faults, isStandby: false), query: ["faults=red"], accept: json)
                == (
                    .serviceUnavailable,
                    #"{"faults":[{"name":"procedure 'a'","reason":"refused\nby the router"}],"other_faults":2,"#
                        + #""ready":false,"reasons":[],"state":"ready"}"#, "1"
                ))
        #expect(
            Self.answer(.notReady([Complaint(name: "router", reason: "no session")]), accept: json)
                == (
                    .serviceUnavailable,
                    #"{"faults":[],"ready":false,"reasons":[{"name":"router","reason":"no session"}],"#
                        + #""state":"not ready"}"#, "1"
                ))
    }
}

import NIOCore
import Names
import TestChecks
import Testing
import WAMP

@testable import Sidecar

@Suite("How everything stands")
struct StatusTests {
    private static var status: Status {
        Status(
            sidecar: "0.2.0", uptime: .milliseconds(61_900),
            readiness: .readyWithFaults(
                ComplaintSummary(named: [Complaint(name: "procedure 'b'", reason: "gone")], others: 3),
                isStandby: true),
            router: Status.Router(url: "rs://127.0.0.1:1", realm: "realm1", session: 7), routerObstacle: nil,
            isDatabaseAvailable: true, databaseObstacle: nil, isListening: true, isInstalled: true,
            leader: .other("pid 5"),
            procedures: [
                RouteStanding(uri: "a", target: "f", place: "x:1:1", standing: .held, fault: nil),
                RouteStanding(uri: "b", target: "g", place: "x:2:1", standing: .held, fault: "gone"),
            ], subscriptions: [], waiting: .milliseconds(1500),
            port: Status.Port(isListening: true, sessions: 2, limit: 500), loopDelay: .milliseconds(250))
    }

    @Test("the document, whole")
    func document() {
        check(
            JSON.text(of: Self.status.value),
            #"{"call_port":{"limit":500,"listening":true,"sessions":2},"#
                + #""database":{"interface":true,"listening":true,"reason":null,"state":"available"},"#
                + #""event_loop":{"delay_seconds":0.25},"#
                + #""faults":[{"name":"procedure 'b'","reason":"gone"}],"#
                + #""leadership":{"holder":"pid 5","role":"standby"},"other_faults":3,"#
                + #""outbox":{"waiting_seconds":1.5},"#
                + #""procedures":[{"place":"x:1:1","reason":null,"state":"works","target":"f","uri":"a"},"#
                + #"{"place":"x:2:1","reason":"gone","state":"faulty","target":"g","uri":"b"}],"#
                + #""ready":true,"reasons":[],"#
                + #""router":{"realm":"realm1","reason":null,"session":7,"state":"joined","url":"rs://127.0.0.1:1"},"#
                + #""sidecar":{"uptime_seconds":61,"version":"0.2.0"},"state":"standby","#
                + #""subscriptions":[],"version":1}"#
        )
    }

    @Test("the same for people")
    func text() {
        check(
            StatusText.lines(Self.status.value),
            [
                "standby with faults (wamp-sidecar 0.2.0)", "fault: procedure 'b': gone", "fault: and 3 more",
                "router: joined rs://127.0.0.1:1", "database: available", "leadership: standby pid 5",
                "procedures: 2, 1 work", "  works a", "  faulty b gone", "subscriptions: 0, 0 work",
            ])
        check(StatusText.isReady(Self.status.value), true)
        var down = Self.status
        down.readiness = .notReady([Complaint(name: "router", reason: "no session")])
        down.router = nil
        check(StatusText.isReady(down.value), false)
        check(
            Array(StatusText.lines(down.value).prefix(3)),
            ["not ready (wamp-sidecar 0.2.0)", "not ready: router: no session", "router: not joined"])
    }

    @Test("a document of another form is no reason to fail")
    func other() {
        check(StatusText.isReady(.null), false)
        check(StatusText.lines(.list([])).isEmpty, false)
    }
}

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
            routerTime: .seconds(60), isDatabaseAvailable: true, databaseObstacle: nil,
            databaseTime: .milliseconds(61_500), isListening: true,
            connections: Status.Connections(open: 3, busy: 1, limit: 4),
            guestConnections: Status.Connections(open: 0, busy: 0, limit: 2),
            queue: Status.Queue(waiting: 5, limit: 1_000), isInstalled: true,
            leader: .other("pid 5"), leaderTime: .seconds(3),
            procedures: [
                Status.Route(
                    standing: RouteStanding(uri: "a", target: "f", place: "x:1:1", standing: .held, fault: nil),
                    figures: ProcedureFigures(
                        received: 9, ends: [.ok: 6, .denied: 2], perSecond: 1 / 3, median: 0.000_25, p99: 1.5)),
                Status.Route(
                    standing: RouteStanding(uri: "b", target: "g", place: "x:2:1", standing: .held, fault: "gone")),
            ],
            subscriptions: [
                Status.Route(
                    standing: RouteStanding(uri: "t", target: "h", place: "x:3:1", standing: .asked, fault: nil),
                    figures: SubscriptionFigures(
                        received: 10, done: 3, dead: 2, lost: 1, waiting: 3, inProgress: 1, oldest: 2.5,
                        perSecond: 4))
            ], waiting: .milliseconds(1500), heldTopics: 2,
            outbox: Status.Outbox(
                waiting: 3, oldest: 12.5, lettersOfPublications: 1, lettersOfEvents: 0, oldestLetter: 60),
            port: Status.Port(isListening: true, sessions: 2, limit: 500), loopDelay: .milliseconds(250),
            callRates: [0, 2.0 / 3], eventRates: [4])
    }

    @Test("the document, whole")
    func document() {
        check(
            JSON.text(of: Self.status.value),
            #"{"call_port":{"limit":500,"listening":true,"sessions":2},"#
                + #""database":{"connections":{"calls":{"busy":1,"limit":4,"open":3},"#
                + #""guests":{"busy":0,"limit":2,"open":0}},"#
                + #""for_seconds":61.5,"interface":true,"listening":true,"queue":{"limit":1000,"waiting":5},"#
                + #""reason":null,"state":"available"},"dead_letters":{"event":0,"oldest_seconds":60.0,"publish":1},"#
                + #""event_loop":{"delay_seconds":0.25},"#
                + #""faults":[{"name":"procedure 'b'","reason":"gone"}],"#
                + #""leadership":{"for_seconds":3.0,"holder":"pid 5","role":"standby"},"#
                + #""load":{"calls_per_second":[0.0,0.667],"events_per_second":[4.0],"interval_seconds":5},"#
                + #""other_faults":3,"other_procedures":0,"other_subscriptions":0,"#
                + #""outbox":{"held_topics":2,"oldest_seconds":12.5,"waiting":3,"waiting_seconds":1.5},"procedures":["#
                + #"{"calls":9,"in_progress":1,"p50_seconds":0.00025,"p99_seconds":1.5,"per_second":0.333,"#
                + #""place":"x:1:1","reason":null,"results":{"denied":2,"ok":6},"state":"works","#
                + #""target":"f","uri":"a"},"#
                + #"{"calls":null,"in_progress":null,"p50_seconds":null,"p99_seconds":null,"per_second":null,"#
                + #""place":"x:2:1","reason":"gone","results":null,"state":"faulty","target":"g","uri":"b"}],"#
                + #""ready":true,"reasons":[],"#
                + #""router":{"for_seconds":60.0,"realm":"realm1","reason":null,"session":7,"state":"joined","#
                + #""url":"rs://127.0.0.1:1"},"#
                + #""sidecar":{"uptime_seconds":61,"version":"0.2.0"},"state":"standby","subscriptions":["#
                + #"{"events":10,"in_progress":1,"oldest_seconds":2.5,"p50_seconds":null,"p99_seconds":null,"#
                + #""per_second":4.0,"place":"x:3:1","reason":null,"results":{"dead":2,"done":3,"lost":1},"#
                + #""state":"waits","target":"h","topic":"t","waiting":3}],"version":1}"#
        )
    }

    @Test("the same for people")
    func text() {
        check(
            StatusText.lines(Self.status.value),
            [
                "standby with faults (wamp-sidecar 0.2.0)", "fault: procedure 'b': gone", "fault: and 3 more",
                "router: joined rs://127.0.0.1:1", "database: available", "connections: 3 of 4 open, 1 busy",
                "queue: 5 of 1000 waiting", "leadership: standby pid 5", "call port: listening, 2 of 500 sessions",
                "outbox: 3 events wait, the oldest for 13 s", "dead letters: 1 of publications, 0 of events",
                "procedures: 2, 1 work", "  works a", "  faulty b gone", "subscriptions: 1, 0 work",
                "  waits t",
            ])
        check(StatusText.isReady(Self.status.value), true)
        var down = Self.status
        down.readiness = .notReady([Complaint(name: "router", reason: "no session")])
        down.router = nil
        check(StatusText.isReady(down.value), false)
        down.outbox = nil
        down.port = Status.Port(isListening: false, sessions: 0, limit: 500)
        down.guestConnections = Status.Connections(open: 2, busy: 1, limit: 2)
        check(StatusText.lines(down.value).contains("call port: not listening"), true)
        check(
            StatusText.lines(down.value).contains(
                "connections: 3 of 4 open, 1 busy; of the guest 2 of 2 open, 1 busy"), true)
        down.port = nil
        check(StatusText.lines(down.value).contains { $0.hasPrefix("call port") }, false)
        check(StatusText.lines(down.value).contains { $0.hasPrefix("outbox") || $0.hasPrefix("dead letters") }, false)
        check(
            Array(StatusText.lines(down.value).prefix(3)),
            ["not ready (wamp-sidecar 0.2.0)", "not ready: router: no session", "router: not joined"])
    }

    @Test("there are only so many procedures in it, and those that do not work go first")
    func limit() {
        var status = Self.status
        status.procedures = (0...Status.mostRoutes).map { number in
            Status.Route(
                standing: RouteStanding(
                    uri: "p\(number)", target: "f", place: "x:1:1", standing: .held,
                    fault: number == Status.mostRoutes ? "gone" : nil))
        }
        let document = StatusDocument(value: status.value)
        check(document["procedures"].list.count, Status.mostRoutes)
        check(document["procedures"].list.first?["uri"].text, "p\(Status.mostRoutes)")
        check(document["procedures"].list.last?["uri"].text, "p\(Status.mostRoutes - 2)")
        check(document["other_procedures"].count, 1)
        check(
            StatusText.lines(status.value).filter { $0.contains("1001") || $0.contains("more") },
            ["fault: and 3 more", "procedures: 1001, 999 work, and 1 more is not shown"])
    }

    @Test("a document of another form is no reason to fail")
    func other() {
        check(StatusText.isReady(.null), false)
        check(StatusText.lines(.list([])).isEmpty, false)
    }
}

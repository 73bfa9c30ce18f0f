import NIOCore
import NIOEmbedded
import Postgres
import TestChecks
import Testing

@testable import Outbox

@Suite("The session, the clock and the owner of the leadership")
struct LeadershipTests {
    private final class Fixture {
        /// Without threads no attempt to connect ever returns.
        private static let connector = Connector(connections: 0)

        let loop = EmbeddedEventLoop()
        let story = Story()
        let owner: RecordingOwner
        let session: RecordingSession
        let leadership: Leadership
        /// Only names the session in reports to the delegate.
        private let reporter: DatabaseSession

        init() throws {
            self.loop.advanceTime(by: .hours(1))
            let (story, session) = (self.story, RecordingSession(self.story))
            self.owner = RecordingOwner(story)
            self.session = session
            self.leadership = Leadership(
                schema: "s", lock: (1, 2), eventLoop: self.loop, observer: { story.add("event: \($0)") },
                owner: self.owner
            ) { _ in session }
            self.reporter = DatabaseSession(
                part: .leader,
                environment: DatabaseEnvironment(
                    settings: try ConnectionSettings(url: "host=db.example.com", password: nil),
                    eventLoop: self.loop, watcher: try Watcher(eventLoop: self.loop), connector: Self.connector,
                    statementTimeout: .seconds(30), backoff: { _ in .seconds(1) }),
                delegate: self.leadership)
            self.leadership.start()
        }

        /// A new session.
        func open(isInstalled: Bool = true) {
            self.session.reopen()
            self.leadership.connected(self.reporter, backend: 17, serverVersion: 180_000)
            self.leadership.sessionIsKnown(isInstalled: isInstalled)
        }

        func lose(_ reason: String? = "closed") {
            self.session.lose()
            self.leadership.lost(self.reporter, reason: reason)
        }

        func fail() {
            self.leadership.connectFailed(self.reporter, ConnectFailure("refused"))
        }

        func notify(_ channel: String) {
            self.leadership.notified(self.reporter, channel: channel)
        }

        /// Joined, in a session, and leading.
        func lead() throws {
            self.leadership.joined()
            self.open()
            try self.session.answer("strangers")
            try self.take()
            _ = self.story.news()
        }

        /// From the first check until the lease is requested.
        func mark() throws {
            try self.session.answer("look")
            try self.session.answer("lock", [["t"]])
            try self.session.answer("look")
        }

        /// From the first check to the first stamp.
        func take() throws {
            try self.mark()
            try self.session.answer("take", [["t", "t", nil, nil, nil, nil, nil]])
            try self.session.answer("stamp", [["t", "f"]])
        }

        func pass(_ seconds: Int64) {
            self.loop.advanceTime(by: .seconds(seconds))
        }

        /// Passes a second and answers the stamp, if there is one.
        func passAnswering(_ seconds: Int) throws {
            for _ in 0..<seconds {
                self.pass(1)
                if self.session.oldest == "stamp" { try self.session.answer("stamp", [["t", "f"]]) }
            }
        }
    }

    private func holder(age: String?) -> [String?] { ["99", "10.0.0.1", "sidecar leader", nil, age] }

    private let other = "backend 99 of sidecar leader at 10.0.0.1"

    // MARK: - Requesting the lease

    @Test("it looks, marks, looks again, takes the lease with the same token each time, and stamps at once")
    func takes() throws {
        let fixture = try Fixture()
        let (leadership, session) = (fixture.leadership, fixture.session)
        check(fixture.story.news(), ["start"])
        leadership.joined()
        check(fixture.story.news(), [])
        fixture.open()
        check(fixture.story.news(), ["owner: opened 17", "strangers", "look"])
        check(try session.values(of: "strangers"), ["1", "2"])
        try session.answer("strangers")
        try session.answer("look")
        check(fixture.story.news(), ["lock"])
        check(try session.values(of: "lock").first, "2")
        try session.answer("lock", [["t"]])
        check(fixture.story.news(), ["look"])
        try session.answer("look")
        check(fixture.story.news(), ["take"])
        let token = try session.values(of: "take")
        check(token.first??.utf8.count, 32)
        try session.answer("take", [["t", "f", nil, nil, nil, nil, nil]])
        check(fixture.story.news(), ["owner: leads", "event: leading", "owner: leader", "stamp"])
        check(fixture.owner.session === session, true)

        fixture.lose()
        fixture.open()
        try fixture.mark()
        check(try session.values(of: "take"), token)
    }

    @Test("without the SQL interface the mark is enough, and it alone is returned")
    func withoutLease() throws {
        let fixture = try Fixture()
        fixture.leadership.joined()
        fixture.open(isInstalled: false)
        try fixture.session.answer("strangers")
        try fixture.session.answer("look")
        try fixture.session.answer("lock", [["t"]])
        _ = fixture.story.news()
        try fixture.session.answer("look")
        check(fixture.story.news(), ["owner: leads", "event: leading", "owner: leader still", "stamp"])
        fixture.leadership.giveWay(for: .seconds(5))
        check(fixture.story.news(), ["owner: leads no more", "owner: given up", "unlock"])
    }

    @Test("a standby looks once a second, reports the leader once, and takes its place when there is none")
    func standsBy() throws {
        let fixture = try Fixture()
        fixture.leadership.joined()
        fixture.open()
        try fixture.session.answer("strangers")
        _ = fixture.story.news()
        try fixture.session.answer("look", [self.holder(age: "1")])
        check(fixture.story.news(), ["event: standby(\(self.other))", "owner: standby of \(self.other)"])
        fixture.pass(1)
        check(fixture.story.news(), ["look"])
        fixture.pass(5)
        check(fixture.story.news(), [], "the last one is not answered")
        try fixture.session.answer("look", [self.holder(age: "1")])
        check(fixture.story.news(), [])
        fixture.pass(1)
        try fixture.take()
        check(fixture.leadership.role, .leader(continued: true))
    }

    @Test("a mark that was set in vain is released, with its own key")
    func leaseHeld() throws {
        let fixture = try Fixture()
        fixture.leadership.joined()
        fixture.open()
        try fixture.session.answer("strangers")
        try fixture.mark()
        _ = fixture.story.news()
        try fixture.session.answer("take", [["f", nil] + self.holder(age: "1")])
        check(fixture.story.news(), ["unlock", "event: standby(\(self.other))", "owner: standby of \(self.other)"])
        check(try fixture.session.values(of: "unlock"), try fixture.session.values(of: "lock"))
    }

    @Test("the session of a leader that gives no sign of life is asked to end, and that is reported if it was, once")
    func dead() throws {
        for isEnded in [true, false] {
            let fixture = try Fixture()
            fixture.leadership.joined()
            fixture.open()
            try fixture.session.answer("strangers")
            _ = fixture.story.news()
            try fixture.session.answer("look", [self.holder(age: "15")])
            check(
                fixture.story.news(),
                ["event: standby(\(self.other))", "owner: standby of \(self.other)", "terminate"])
            check(try fixture.session.values(of: "terminate"), ["2", "99"])
            try fixture.session.answer("terminate", [[isEnded ? "t" : "f"]])
            check(fixture.story.news(), isEnded ? ["event: leaderTerminated(backend: 99)"] : [])
            fixture.pass(1)
            try fixture.session.answer("look", [self.holder(age: "16")])
            guard isEnded else {
                check(fixture.story.news(), ["look", "terminate"])
                continue
            }
            try fixture.session.answer("lock", [["t"]])
            try fixture.session.answer("look", [self.holder(age: "16")])
            try fixture.session.answer("take", [["f", nil] + self.holder(age: "16")])
            check(fixture.story.news(), ["look", "lock", "look", "take", "unlock", "terminate"])
            try fixture.session.answer("unlock", [["t"]])
            try fixture.session.answer("terminate", [["t"]])
            check(fixture.story.news(), [], "it hangs")
        }
    }

    // MARK: - Leading

    @Test("the leader stamps every three seconds, and knows when the last answered one was sent")
    func stamps() throws {
        let fixture = try Fixture()
        try fixture.lead()
        check(fixture.leadership.stampAge, .zero)
        fixture.pass(2)
        check(fixture.story.news(), [])
        fixture.pass(1)
        check(fixture.story.news(), ["stamp"])
        fixture.pass(1)
        check(fixture.leadership.stampAge, .seconds(4))
        try fixture.session.answer("stamp", [["t", "t"]])
        check(fixture.leadership.stampAge, .seconds(1))
        check(fixture.leadership.hasStandbys, true)
        check(fixture.story.news(), [])
        fixture.pass(2)
        check(fixture.story.news(), ["stamp"])
    }

    @Test("the owner learns until when the lease is proven: by what was sent, not by when it was answered")
    func proof() throws {
        let fixture = try Fixture()
        try fixture.lead()
        let start = fixture.loop.now
        check(fixture.owner.proven, start + .seconds(9))
        fixture.pass(4)
        check(fixture.owner.proven, start + .seconds(9))
        try fixture.session.answer("stamp", [["t", "f"]])
        check(fixture.owner.proven, start + .seconds(12))
        fixture.session.isHeld = true
        fixture.pass(2)
        check(fixture.owner.proven, start + .seconds(15))

        let slow = try Fixture()
        slow.leadership.joined()
        slow.open()
        try slow.session.answer("strangers")
        try slow.mark()
        slow.pass(20)
        try slow.session.answer("take", [["t", "t", nil, nil, nil, nil, nil]])
        check(slow.owner.proven, slow.loop.now - .seconds(11), "it was requested long ago")
    }

    @Test("after nine seconds without an answer the session is ended as hung, and leading ends with it")
    func silence() throws {
        let fixture = try Fixture()
        try fixture.lead()
        fixture.pass(8)
        check(fixture.story.news(), ["stamp", "stamp"])
        fixture.pass(1)
        check(
            fixture.story.news(), ["abandon as hung: the database has not answered the leader for too long"])
        fixture.lose("silent")
        check(fixture.story.news(), ["owner: leads no more", "owner: unknown", "owner: lost: silent"])
        check(fixture.leadership.stampAge, nil)
        fixture.pass(60)
        check(fixture.story.news(), [], "there is no session")
        fixture.open()
        check(fixture.story.news(), ["owner: opened 17", "strangers", "look"])
    }

    @Test("while the router accepts nothing the database's silence means nothing")
    func held() throws {
        let fixture = try Fixture()
        try fixture.lead()
        fixture.session.isHeld = true
        fixture.pass(30)
        fixture.session.isHeld = false
        fixture.pass(8)
        check(fixture.story.news().filter { $0 != "stamp" }, [])
        fixture.pass(1)
        check(fixture.story.news().last?.hasPrefix("abandon as hung"), true)
    }

    @Test("a leader whose lease another one has ends its session, which is not hung")
    func leaseLost() throws {
        for answer in [[], [["f", "t"]]] as [[[String?]]] {
            let fixture = try Fixture()
            try fixture.lead()
            fixture.pass(3)
            try fixture.session.answer("stamp", answer)
            check(fixture.story.news(), ["stamp", "abandon: another sidecar was given the lease"])
        }
    }

    @Test("a leader that gives way first ends its work, then returns lease and mark, and asks again afterwards")
    func givesWay() throws {
        let fixture = try Fixture()
        try fixture.lead()
        let mark = try fixture.session.values(of: "lock")
        fixture.leadership.giveWay(for: .seconds(5))
        check(fixture.story.news(), ["owner: leads no more", "owner: given up", "release", "unlock"])
        check(try fixture.session.values(of: "unlock"), mark)
        fixture.leadership.giveWay(for: .seconds(5))
        check(fixture.story.news(), [])
        try fixture.session.answer("release")
        try fixture.session.answer("unlock", [["t"]])
        fixture.pass(4)
        check(fixture.story.news(), [])
        fixture.pass(1)
        check(fixture.story.news(), ["look"])
    }

    @Test("a leader without a router for five seconds hands back, and asks again when there is one")
    func withoutRouter() throws {
        let fixture = try Fixture()
        try fixture.lead()
        fixture.leadership.left()
        try fixture.passAnswering(4)
        check(fixture.story.news(), ["stamp"])
        fixture.pass(1)
        check(fixture.story.news(), ["owner: leads no more", "owner: given up", "release", "unlock"])
        try fixture.session.answer("release")
        try fixture.session.answer("unlock", [["t"]])
        fixture.pass(60)
        check(fixture.story.news(), [])
        fixture.leadership.joined()
        check(fixture.story.news(), ["look"])
    }

    @Test("notifications are passed on while it leads")
    func notifications() throws {
        let fixture = try Fixture()
        fixture.notify("wake")
        check(fixture.story.news(), ["start"])
        try fixture.lead()
        fixture.notify("wake")
        check(fixture.story.news(), ["owner: notified on wake"])
        fixture.leadership.giveWay(for: .seconds(5))
        _ = fixture.story.news()
        fixture.notify("wake")
        check(fixture.story.news(), [])
    }

    @Test("sessions at the former lock are looked for once a minute, and each is reported once")
    func strangers() throws {
        let fixture = try Fixture()
        let stranger = ["23", "mallory", "t", "3"] as [String?]
        fixture.leadership.joined()
        fixture.open()
        _ = fixture.story.news()
        try fixture.session.answer("strangers", [stranger])
        let news = fixture.story.news()
        check(news.map { $0.hasPrefix("event: leaderLockTaken") && $0.hasSuffix("others: 2)") }, [true], "\(news)")
        try fixture.take()
        try fixture.passAnswering(59)
        check(fixture.story.news().contains("strangers"), false)
        try fixture.passAnswering(1)
        check(fixture.story.news(), ["stamp", "strangers"])
        try fixture.session.answer("strangers", [stranger])
        check(fixture.story.news(), [])
    }

    // MARK: - The session

    @Test("a statement that the server refuses ends the session, which is not hung")
    func refused() throws {
        let fixture = try Fixture()
        try fixture.lead()
        fixture.pass(3)
        try fixture.session.fail("stamp", DatabaseError(sqlstate: "42501", message: "permission denied"))
        check(
            fixture.story.news(),
            ["stamp", "abandon: the leader's session can't continue: ERROR 42501: permission denied"])
    }

    @Test("the ends of attempts and of sessions are reported; answers that were lost with one are not")
    func reports() throws {
        let fixture = try Fixture()
        fixture.fail()
        check(fixture.story.news(), ["start", "owner: failed: refused"])
        fixture.leadership.joined()
        fixture.open()
        _ = fixture.story.news()
        fixture.lose(nil)
        check(fixture.story.news(), ["owner: lost: replaced"])
        fixture.leadership.beginAgain("the SQL interface has changed")
        check(fixture.story.news(), ["abandon: the SQL interface has changed"])
    }

    @Test("a leader that is stopped hands over once, and nothing follows, not even a tick")
    func stops() throws {
        let fixture = try Fixture()
        try fixture.lead()
        fixture.pass(3)
        _ = fixture.story.news()
        fixture.leadership.stop()
        check(fixture.story.news(), ["owner: leads no more", "owner: given up", "stop"])
        fixture.leadership.joined()
        fixture.leadership.giveWay(for: .seconds(1))
        fixture.pass(60)
        check(fixture.story.news(), [])

        let standby = try Fixture()
        standby.leadership.joined()
        standby.open()
        _ = standby.story.news()
        standby.leadership.stop()
        standby.pass(60)
        check(standby.story.news(), ["stop"])
    }

    @Test("once stopped it is held by nothing")
    func released() throws {
        weak var leadership: Leadership?
        weak var session: RecordingSession?
        do {
            let fixture = try Fixture()
            try fixture.lead()
            fixture.pass(3)
            (leadership, session) = (fixture.leadership, fixture.session)
            fixture.leadership.stop()
        }
        check(leadership == nil, true)
        check(session == nil, true)
    }
}

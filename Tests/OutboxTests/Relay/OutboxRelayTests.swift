import NIOCore
import NIOEmbedded
import Postgres
import TestChecks
import Testing
import WAMPClient

@testable import Outbox

@Suite("The sessions and the clock of the relay")
struct OutboxRelayTests {
    private final class Fixture {
        let loop = EmbeddedEventLoop()
        let story = Story()
        let database: RecordingSession
        var router: RouterEnd
        let relay: OutboxRelay

        init(eventID: String? = nil) throws {
            self.loop.advanceTime(by: .hours(1))
            let story = self.story
            self.database = RecordingSession(story)
            self.router = try RouterEnd(on: self.loop)
            self.relay = OutboxRelay(
                schema: "s", wakeLock: (1, 2), channel: "wake",
                settings: RelaySettings(
                    eventID: eventID, batch: 10, acknowledgeTimeout: .seconds(10), attempts: 3),
                eventLoop: self.loop, observer: { story.add("event: \($0)") }, changed: { story.add("changed") })
        }

        /// The relay leads and is joined, and has begun to read.
        func start() throws {
            self.relay.joined(try self.router.session)
            self.relay.lead(self.database)
            try self.database.answer("listen")
            check(self.story.news(), ["listen", "mark", "horizon", "read"])
        }

        /// Answers the first scan.
        func read(_ rows: [[String?]]) throws {
            try self.database.answer("mark", [["1000", "100", "7"]])
            try self.database.answer("horizon", [["100"]])
            try self.database.answer("read", rows)
        }

        /// With a first scan of these events, which are published.
        func publishing(_ ids: ClosedRange<Int64>) throws {
            try self.start()
            try self.read(ids.map { OutboxRelayTests.row($0) })
            check(try self.router.published().count, ids.count)
        }

        func pass(_ milliseconds: Int64) {
            self.loop.advanceTime(by: .milliseconds(milliseconds))
        }

        /// Nothing comes until it has asked for the wake lock.
        func becomeIdle() throws {
            for _ in 0..<100 where self.database.oldest != "lock" {
                if self.database.oldest == "read" { try self.database.answer("read") }
                self.pass(1)
            }
            check(self.database.oldest, "lock")
        }

        /// From the first scan on nothing comes until it sleeps.
        func sleeping() throws {
            try self.start()
            try self.read([])
            try self.becomeIdle()
            _ = self.story.news()
            check(try self.database.values(of: "lock"), ["1", "2"])
            try self.database.answer("lock", [["t"]])
            check(self.story.news(), ["read"])
            try self.database.answer("read")
            check(self.story.news(), [])
            self.loop.run()
            check(self.story.news(), ["renew if grown"])
        }
    }

    private static func row(
        _ id: Int64, topic: String? = nil, keywordArguments: String? = nil, fault: String? = nil
    ) -> [String?] {
        ["\(id)", "uuid \(id)", topic ?? "com.topic\(id)", "[\(id)]", keywordArguments, nil, fault, "1000"]
    }

    private static let refused = DatabaseError(sqlstate: "42501", message: "permission denied")

    // MARK: - Publishing

    @Test("it listens, reads, publishes in order with acknowledgement, and deletes in one statement what was accepted")
    func publishes() throws {
        let fixture = try Fixture()
        fixture.relay.joined(try fixture.router.session)
        check(fixture.story.news(), [])
        fixture.relay.lead(fixture.database)
        fixture.pass(60_000)
        check(fixture.story.news(), ["listen"], "nothing is read before it listens")
        check(try fixture.database.values(of: "listen"), ["wake"])
        try fixture.database.answer("listen")
        check(fixture.story.news(), ["mark", "horizon", "read"])
        try fixture.read([Self.row(1), Self.row(2), Self.row(3)])
        check(
            try fixture.router.published(),
            (1...3).map { #"[16,\#($0),{"acknowledge":true},"com.topic\#($0)",[\#($0)]]"# })
        check(fixture.relay.underWayCount, 3)
        try fixture.router.accept(1, 3)
        check(fixture.story.news(), [])
        try fixture.router.accept(2)
        check(fixture.story.news(), ["delete"])
        check(try fixture.database.values(of: "delete"), ["{1,2,3}", "{}", "{}"])
        try fixture.database.answer("delete", [["3"]])
        check(fixture.story.news(), [])
        check(fixture.relay.underWayCount, 0)
    }

    @Test("the event's id goes with it, if wanted")
    func eventID() throws {
        let fixture = try Fixture(eventID: "id")
        try fixture.start()
        try fixture.read([Self.row(1, keywordArguments: #"{"a": 1}"#)])
        check(
            try fixture.router.published(),
            [#"[16,1,{"acknowledge":true},"com.topic1",[1],{"a": 1, "id": "uuid 1"}]"#])
        fixture.relay.change(
            RelaySettings(eventID: nil, batch: 10, acknowledgeTimeout: .seconds(10), attempts: 3))
        fixture.pass(1)
        try fixture.database.answer("read", [Self.row(2, keywordArguments: #"{"a": 1}"#)])
        check(try fixture.router.published(), [#"[16,2,{"acknowledge":true},"com.topic2",[2],{"a": 1}]"#])
    }

    @Test("rows that were deleted by somebody else are reported")
    func twice() throws {
        let fixture = try Fixture()
        try fixture.publishing(1...3)
        try fixture.router.accept(1, 2, 3)
        _ = fixture.story.news()
        try fixture.database.answer("delete", [["1"]])
        check(fixture.story.news(), ["event: eventsPublishedTwice(atLeast: 2)"])
    }

    @Test("the topic of an event that is refused for the moment waits; its row stays, the others' are deleted")
    func held() throws {
        let fixture = try Fixture()
        try fixture.publishing(1...3)
        try fixture.router.accept(1)
        try fixture.router.refuse(2, "com.example.busy")
        check(fixture.story.news().map { $0.hasPrefix("event: eventHeld(topic: \"com.topic2\"") }, [true])
        check(fixture.relay.heldTopicCount, 1)
        try fixture.router.accept(3)
        check(fixture.story.news(), ["delete"])
        check(try fixture.database.values(of: "delete").first, "{1,3}")
        try fixture.database.answer("delete", [["2"]])
        fixture.pass(1)
        check(fixture.story.news(), ["read"])
        check(try fixture.database.values(of: "read")[3], #"{"com.topic2"}"#)
        try fixture.database.answer("read", [Self.row(4, topic: "com.topic2")])
        check(try fixture.router.published(), [])
    }

    @Test("the event that was refused is tried again when its time has come")
    func triedAgain() throws {
        let fixture = try Fixture()
        try fixture.publishing(1...1)
        try fixture.router.refuse(1, "com.example.busy")
        for _ in 0..<2000 where try fixture.database.values(of: "read")[5] != "{1}" {
            if fixture.database.oldest == "read" { try fixture.database.answer("read") }
            if fixture.database.oldest == "lock" { try fixture.database.answer("lock", [["t"]]) }
            if fixture.database.oldest == "unlock" { try fixture.database.answer("unlock", [["t"]]) }
            fixture.pass(1)
        }
        if fixture.database.oldest == "unlock" { try fixture.database.answer("unlock", [["t"]]) }
        try fixture.database.answer("read", [Self.row(1)])
        check(try fixture.router.published(), [#"[16,2,{"acknowledge":true},"com.topic1",[1]]"#])
        _ = fixture.story.news()
        try fixture.router.accept(2)
        check(fixture.story.news().first, "delete")
        check(try fixture.database.values(of: "delete").first, "{1}")
    }

    @Test("an event that is refused for good, and one that can't be sent, become dead letters")
    func buried() throws {
        let fixture = try Fixture()
        try fixture.start()
        try fixture.read([
            Self.row(1), Self.row(2, topic: "not a uri"), Self.row(3, fault: "54000 it is too large"),
        ])
        check(try fixture.router.published().count, 1)
        let sent = fixture.story.news()
        check(sent.filter { $0 == "bury" }.count, 2)
        check(sent.filter { $0.hasPrefix("event: deadLetter") }.count, 2)
        check(
            try fixture.database.values(of: "bury"),
            ["3", "wamp.error.payload_size_exceeded", "it is too large", "0"])
        try fixture.router.refuse(1, "wamp.error.not_authorized")
        check(try fixture.database.values(of: "bury").first, "1")
        check(try fixture.database.values(of: "bury").last, "1")
        check(fixture.story.news().last, "bury")
    }

    // MARK: - The router

    @Test("the end of the router's session deletes what it has accepted, and stops every timer and every answer")
    func routerLost() throws {
        let fixture = try Fixture()
        try fixture.publishing(1...3)
        try fixture.router.accept(2)
        check(fixture.story.news(), [])
        fixture.router.close()
        fixture.relay.left()
        check(fixture.story.news(), ["delete"])
        check(try fixture.database.values(of: "delete").first, "{2}")
        check(fixture.relay.underWayCount, 0)
        check(fixture.relay.counts.unanswered, 2)
        try fixture.database.answer("delete", [["1"]])
        fixture.pass(60_000)
        fixture.relay.notified(channel: "wake")
        fixture.relay.writable()
        check(fixture.story.news(), [])

        fixture.router = try RouterEnd(on: fixture.loop)
        fixture.relay.joined(try fixture.router.session)
        check(fixture.story.news(), ["mark", "horizon", "read"])
        try fixture.read([Self.row(1), Self.row(3)])
        check(try fixture.router.published().count, 2)
    }

    @Test("the rows of a scan that a lost session asked for are not published in the next one")
    func lateRows() throws {
        let fixture = try Fixture()
        try fixture.start()
        fixture.router.close()
        fixture.relay.left()
        fixture.router = try RouterEnd(on: fixture.loop)
        fixture.relay.joined(try fixture.router.session)
        try fixture.read([Self.row(1)])
        check(try fixture.router.published(), [])
        try fixture.read([Self.row(1)])
        check(try fixture.router.published().count, 1)
    }

    @Test("nothing is read while the router accepts no output")
    func notWritable() throws {
        let fixture = try Fixture()
        fixture.router.takes(false)
        fixture.relay.joined(try fixture.router.session)
        fixture.relay.lead(fixture.database)
        try fixture.database.answer("listen")
        fixture.pass(60_000)
        check(fixture.story.news(), ["listen"])
        fixture.router.takes(true)
        fixture.relay.writable()
        check(fixture.story.news(), ["mark", "horizon", "read"])
    }

    @Test("a router that acknowledges nothing for too long loses the session")
    func silence() throws {
        let fixture = try Fixture()
        try fixture.publishing(1...1)
        fixture.pass(10_000)
        check(fixture.router.end, nil)
        fixture.pass(1000)
        check(fixture.router.end, "the router has not acknowledged an event for 10 s")
        fixture.relay.left()
        fixture.pass(60_000)
        check(fixture.story.news().contains("delete"), false)
    }

    // MARK: - The database

    @Test("when leading ends, events under way no longer count, and a new session begins from the start")
    func leadLost() throws {
        let fixture = try Fixture()
        try fixture.publishing(1...2)
        try fixture.router.accept(1)
        fixture.database.lose()
        fixture.relay.stopLeading()
        check(fixture.story.news(), ["delete, in no session"])
        try fixture.router.accept(2)
        fixture.pass(60_000)
        check(fixture.story.news(), [])
        check(fixture.router.end, nil)

        let second = RecordingSession(fixture.story, prefix: "second ")
        fixture.relay.lead(second)
        check(fixture.story.news(), ["second listen"])
        try second.answer("listen")
        check(fixture.story.news(), ["second mark", "second horizon", "second read"])
    }

    @Test("what was accepted is deleted, and the wake lock returned, before the lead is given up")
    func leadGivenUp() throws {
        let fixture = try Fixture()
        try fixture.publishing(1...2)
        try fixture.router.accept(1)
        fixture.relay.stopLeading()
        check(fixture.story.news(), ["delete"])
        check(try fixture.database.values(of: "delete").first, "{1}")

        let sleeper = try Fixture()
        try sleeper.sleeping()
        sleeper.relay.stopLeading()
        check(sleeper.story.news(), ["unlock"])
        sleeper.pass(60_000)
        sleeper.relay.notified(channel: "wake")
        check(sleeper.story.news(), [])
    }

    @Test("a statement that fails ends the session once, and is reported")
    func fails() throws {
        let fixture = try Fixture()
        try fixture.publishing(1...1)
        try fixture.router.accept(1)
        _ = fixture.story.news()
        try fixture.database.fail("delete", Self.refused)
        check(
            fixture.story.news(),
            [
                #"event: relayFailed(statement: "relay_delete", reason: "ERROR 42501: permission denied")"#,
                "changed",
                "abandon: the outbox's relay can't continue: ERROR 42501: permission denied",
            ])
        check(fixture.relay.failure, "relay_delete: ERROR 42501: permission denied")
    }

    @Test("a session that can't listen is ended")
    func listenFails() throws {
        let fixture = try Fixture()
        fixture.relay.joined(try fixture.router.session)
        fixture.relay.lead(fixture.database)
        try fixture.database.fail("listen", Self.refused)
        check(
            fixture.story.news().last,
            "abandon: the outbox's relay can't continue: ERROR 42501: permission denied")
        fixture.pass(60_000)
        check(fixture.story.news(), [])
    }

    @Test("a mark of another form ends the session")
    func malformedMark() throws {
        let fixture = try Fixture()
        try fixture.start()
        try fixture.database.answer("mark", [["1000", "100", "seven"]])
        check(
            fixture.story.news().last, "abandon: the outbox's relay can't continue: its answer is malformed")
    }

    @Test("an outbox that is locked is read again after a second, and both changes are reported")
    func locked() throws {
        let fixture = try Fixture()
        try fixture.start()
        try fixture.database.answer("mark", [["1000", "100", "7"]])
        try fixture.database.answer("horizon", [["100"]])
        try fixture.database.fail("read", DatabaseError(sqlstate: "55P03", message: "lock timeout"))
        check(
            fixture.story.news(),
            [
                #"event: relayFailed(statement: "relay_read", reason: "the outbox is locked: lock timeout")"#,
                "changed",
            ])
        fixture.pass(999)
        check(fixture.story.news(), [])
        fixture.pass(1)
        check(fixture.story.news(), ["read"])
        try fixture.database.answer("read")
        check(fixture.story.news(), ["event: relayRecovered", "changed"])
        check(fixture.relay.failure, nil)
    }

    // MARK: - Pace and sleep

    @Test("scans that find nothing come at growing intervals, each after the answer to the one before")
    func pace() throws {
        let fixture = try Fixture()
        try fixture.start()
        try fixture.read([])
        for wait in [1, 2, 4, 8] as [Int64] {
            fixture.pass(wait - 1)
            check(fixture.story.news(), [])
            fixture.pass(1)
            check(fixture.story.news(), ["read"])
            try fixture.database.answer("read")
        }
        fixture.pass(10)
        check(fixture.story.news(), ["lock"])
        fixture.pass(1000)
        check(fixture.story.news(), [], "the last one is not answered")
    }

    @Test("it sleeps with the lock, wakes on a notification on its channel, and looks each second")
    func sleeps() throws {
        let fixture = try Fixture()
        try fixture.sleeping()
        fixture.pass(999)
        check(fixture.story.news().contains("read"), false)
        fixture.pass(1)
        check(fixture.story.news().contains("read"), true)
        try fixture.database.answer("read")
        fixture.loop.run()
        _ = fixture.story.news()
        fixture.relay.notified(channel: "other")
        check(fixture.story.news(), [])
        fixture.relay.notified(channel: "wake")
        check(fixture.story.news(), ["unlock", "read"])
        check(try fixture.database.values(of: "unlock"), ["1", "2"])
        try fixture.database.answer("unlock", [["t"]])
        try fixture.database.answer("read", [Self.row(1)])
        check(try fixture.router.published().count, 1)
    }

    @Test("events that it finds asleep are published, and reported")
    func foundAsleep() throws {
        let fixture = try Fixture()
        try fixture.sleeping()
        fixture.pass(1000)
        _ = fixture.story.news()
        try fixture.database.answer("read", [Self.row(1)])
        check(fixture.story.news(), ["event: eventsFoundAsleep(1)", "unlock", "read"])
        check(try fixture.router.published().count, 1)
    }

    @Test("a session that has grown is not replaced if the relay is awake by then")
    func renews() throws {
        let fixture = try Fixture()
        try fixture.sleeping()
        fixture.pass(1000)
        _ = fixture.story.news()
        try fixture.database.answer("read")
        fixture.relay.notified(channel: "wake")
        fixture.loop.run()
        check(fixture.story.news(), ["unlock", "read"])
    }

    @Test("while somebody else has the lock it stays awake")
    func lockHeld() throws {
        let fixture = try Fixture()
        try fixture.start()
        try fixture.read([])
        try fixture.becomeIdle()
        _ = fixture.story.news()
        try fixture.database.answer("lock", [["f"]])
        fixture.pass(10)
        check(fixture.story.news(), ["read"])
    }

    @Test("a lock that comes too late is returned in the session that has it")
    func lateLock() throws {
        for ending in ["left", "stopLeading", "lead"] {
            let fixture = try Fixture()
            try fixture.start()
            try fixture.read([])
            try fixture.becomeIdle()
            if ending == "left" { fixture.relay.left() } else { fixture.relay.stopLeading() }
            if ending == "lead" { fixture.relay.lead(RecordingSession(fixture.story, prefix: "second ")) }
            _ = fixture.story.news()
            try fixture.database.answer("lock", [["t"]])
            check(fixture.story.news(), ["unlock"], "\(ending)")
        }
    }

    // MARK: - The end

    @Test("it has finished when the events under way are answered and deleted, and publishes nothing more")
    func finishes() throws {
        let fixture = try Fixture()
        try fixture.publishing(1...2)
        fixture.relay.finish { fixture.story.add("finished") }
        fixture.relay.notified(channel: "wake")
        fixture.pass(1000)
        check(fixture.story.news(), [])
        try fixture.router.accept(1, 2)
        check(fixture.story.news(), ["delete"])
        try fixture.database.answer("delete", [["2"]])
        check(fixture.story.news(), ["finished"])
        fixture.relay.left()
        fixture.relay.stopLeading()
        fixture.pass(60_000)
        check(fixture.story.news(), [])
    }

    @Test("it has finished at once when nothing is under way, and returns the wake lock")
    func finishesAtOnce() throws {
        let idle = try Fixture()
        idle.relay.finish { idle.story.add("finished") }
        check(idle.story.news(), ["finished"])

        let fixture = try Fixture()
        try fixture.sleeping()
        fixture.relay.finish { fixture.story.add("finished") }
        check(fixture.story.news(), ["unlock", "finished"])
        fixture.pass(60_000)
        check(fixture.story.news(), [])
    }

    @Test("it has also finished when either session is lost meanwhile")
    func finishesWithoutAnswers() throws {
        let fixture = try Fixture()
        try fixture.publishing(1...2)
        fixture.relay.finish { fixture.story.add("finished") }
        fixture.router.close()
        fixture.relay.left()
        check(fixture.story.news(), ["finished"])

        let other = try Fixture()
        try other.publishing(1...2)
        other.relay.finish { other.story.add("finished") }
        other.database.lose()
        other.relay.stopLeading()
        check(other.story.news(), ["finished"])
    }

    @Test("once both sessions have ended it is held by nothing")
    func released() throws {
        for isScanning in [false, true] {
            weak var relay: OutboxRelay?
            weak var database: RecordingSession?
            do {
                let fixture = try Fixture()
                try fixture.publishing(1...2)
                if isScanning { fixture.pass(1) }
                check(fixture.database.oldest, isScanning ? "read" : nil)
                (relay, database) = (fixture.relay, fixture.database)
                fixture.database.lose()
                fixture.relay.stopLeading()
                fixture.router.close()
                fixture.relay.left()
            }
            check(relay == nil, true)
            check(database == nil, true)
        }
    }
}

import NIOCore
import NIOEmbedded
import Names
import Postgres
import TestChecks
import Testing

@testable import Sidecar

@Suite("Whether work can flow, for whoever asks")
struct ReadinessTests {
    private final class Fixture {
        let loop = EmbeddedEventLoop()
        let situation = CurrentSituation()
        let part = RecordingPart("part") { _ in }
        private(set) lazy var readiness = Readiness(
            situation: self.situation, eventLoop: self.loop, hasChannels: false, hasPort: false, report: { _ in })

        init() {
            self.readiness.parts = [self.part]
        }

        var reasons: [Complaint] {
            guard case .notReady(let reasons) = self.readiness.answer else { return [] }
            return reasons
        }
    }

    @Test("what stands in the way is named, and when it is tried again")
    func obstacles() {
        let fixture = Fixture()
        check(
            fixture.reasons,
            [
                Complaint(name: "router", reason: "no session"),
                Complaint(name: "database", reason: "no connection"),
            ])
        fixture.situation.change {
            $0.routerObstacle = Obstacle(reason: "refused", nextTry: fixture.loop.now + .seconds(4))
            $0.databaseObstacles[.calls] = Obstacle(reason: "starting up")
        }
        check(
            fixture.reasons,
            [
                Complaint(name: "router", reason: "no session: refused, next try in 4 s"),
                Complaint(name: "database", reason: "no connection: starting up"),
            ])
    }

    @Test("work may wait for a while, if it is said for how long")
    func movement() {
        let fixture = Fixture()
        let stuck = Complaint(name: "outbox", reason: "events wait in the outbox, and none of them leaves it")
        fixture.part.waitingSince = fixture.loop.now
        fixture.loop.advanceTime(by: .seconds(60))
        check(fixture.reasons.contains(stuck), false)
        fixture.readiness.patience = .seconds(60)
        check(fixture.reasons.contains(stuck), true)
        fixture.part.waitingSince = fixture.loop.now - .seconds(59)
        check(fixture.reasons.contains(stuck), false)
    }

    @Test("a loop that was late is named")
    func lateness() {
        let fixture = Fixture()
        fixture.readiness.isLate = { true }
        check(
            fixture.reasons.contains(Complaint(name: "event loop", reason: "late by more than a second")), true)
    }

    @Test("its line is not about the stop: the process may go on with other sessions")
    func stop() {
        let fixture = Fixture()
        var lines: [String] = []
        fixture.readiness.lineTaker = { lines.append($0) }
        fixture.situation.follow([fixture.readiness])
        fixture.situation.change { $0.isListening = true }
        fixture.loop.run()
        check(lines, ["no session with the router"])
        fixture.situation.change { $0.ending = .renewal }
        fixture.loop.run()
        check(lines.count, 1)
        check(
            fixture.reasons.first,
            Complaint(
                name: "sidecar", reason: "new sessions with both sides are being made: the file has changed"))
        // The process may get the signal meanwhile.
        fixture.situation.change { $0.ending = .process }
        fixture.loop.run()
        check(lines.count, 1)
        check(fixture.reasons.first, Complaint(name: "sidecar", reason: "the process stops"))
        check(fixture.reasons.count { $0.name == "sidecar" }, 1)
        fixture.situation.follow([])
    }
}

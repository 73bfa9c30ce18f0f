import NIOCore
import Names
import TestChecks
import Testing

@testable import Outbox

@Suite("Whether the outbox is emptied, and the fate of its events")
struct RelayStateMachineTests {
    private typealias Machine = RelayStateMachine
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let silence = "the router has not acknowledged an event for 10 s"

    private func idle(attempts: Int = 5) -> Machine {
        Machine(batch: 10, attempts: attempts, patience: .seconds(10))
    }

    private func running(attempts: Int = 5) -> Machine {
        var machine = self.idle(attempts: attempts)
        machine.lead()
        _ = machine.listening(in: machine.epoch, at: self.start)
        check(machine.joined(at: self.start), .start)
        return machine
    }

    /// A run in which a scan is under way, and these are with the router.
    private func publishing(_ ids: ClosedRange<Int64>, attempts: Int = 5) -> Machine {
        var machine = self.running(attempts: attempts)
        self.publish(ids, &machine)
        return machine
    }

    private func publish(_ ids: ClosedRange<Int64>, _ machine: inout Machine) {
        _ = machine.next(at: self.start)
        for id in ids {
            check(machine.take(id, topic: "topic \(id)", octets: 10, of: machine.epoch), true)
            machine.sent(
                id, topic: "topic \(id)", octets: 10, published: PublishTime(age: 0, at: self.start), at: self.start)
        }
    }

    private func answer(_ id: Int64, _ answer: PublishAnswer, _ machine: inout Machine) -> Machine.AnswerAction {
        machine.answered(id, answer, of: machine.epoch, at: self.start)
    }

    private func end(givesLockBack: Bool = false, deletes: [Int64] = []) -> Machine.RunEnd {
        Machine.RunEnd(givesLockBack: givesLockBack, deletes: deletes)
    }

    private func refusal(_ error: String = "com.example.no", isFinal: Bool = false) -> PublishAnswer {
        .refused(error: error, message: "the router says no", isFinal: isFinal)
    }

    // MARK: - Delay

    @Test("the delay of what the router has is counted, and of nothing else")
    func delay() {
        var machine = self.running()
        _ = machine.next(at: self.start)
        for id in Int64(1)...3 {
            check(machine.take(id, topic: "topic", octets: 10, of: machine.epoch), true)
            machine.sent(
                id, topic: "topic", octets: 10, published: PublishTime(age: 2_000_000_000 * id, at: self.start),
                at: self.start)
        }
        _ = machine.answered(1, .taken, of: machine.epoch, at: self.start + .seconds(1))
        _ = machine.answered(2, self.refusal(isFinal: true), of: machine.epoch, at: self.start + .seconds(1))
        check(machine.delay.count, 1)
        check(machine.delay.sum, 3)
        _ = machine.answered(3, .taken, of: machine.epoch, at: self.start + .seconds(1))
        check(machine.delay.sum, 10)
    }

    // MARK: - Movement

    @Test("what is with the router, held or can't be read waits, since the last one left")
    func movement() {
        var machine = self.running()
        check(machine.check(at: self.start), .goOn)
        check(machine.waitingSince, nil)
        self.publish(1...2, &machine)
        _ = machine.check(at: self.start + .seconds(1))
        check(machine.waitingSince, self.start + .seconds(1))
        _ = machine.answered(1, .taken, of: machine.epoch, at: self.start + .seconds(2))
        _ = machine.check(at: self.start + .seconds(3))
        check(machine.waitingSince, self.start + .seconds(2))
        // Refused for the moment: it waits on.
        _ = machine.answered(2, self.refusal(), of: machine.epoch, at: self.start + .seconds(4))
        _ = machine.check(at: self.start + .seconds(5))
        check(machine.waitingSince, self.start + .seconds(2))
        check(machine.stopLeading() == .nothing, false)
        check(machine.waitingSince, nil)
    }

    @Test("an outbox that is locked waits")
    func lockedMovement() {
        var machine = self.running()
        _ = machine.next(at: self.start)
        _ = machine.scanned(.locked("lock timeout"), of: machine.epoch, at: self.start)
        _ = machine.check(at: self.start)
        check(machine.waitingSince, self.start)
        _ = machine.scanned(.read(rows: 0, last: nil), of: machine.epoch, at: self.start + .seconds(9))
        _ = machine.check(at: self.start + .seconds(9))
        check(machine.waitingSince, nil)
    }

    // MARK: - The two ends

    private enum End: CaseIterable { case lead, listening, joined }

    private func happens(_ end: End, _ machine: inout Machine) -> Machine.StartAction {
        switch end {
        case .lead:
            machine.lead()
            return .nothing
        case .listening: return machine.listening(in: machine.epoch, at: self.start)
        case .joined: return machine.joined(at: self.start)
        }
    }

    @Test("a run begins when this sidecar leads, listens in its session, and is joined, in whichever order")
    func starts() {
        for order in [[End.lead, .listening, .joined], [.lead, .joined, .listening], [.joined, .lead, .listening]] {
            var machine = self.idle()
            for end in order.dropLast() {
                check(self.happens(end, &machine), .nothing, "\(order)")
                check(machine.isRunning, false)
                check(machine.next(at: self.start), .nothing)
            }
            let before = machine.epoch
            check(self.happens(order[2], &machine), .start, "\(order)")
            check(machine.isRunning, true)
            check(machine.epoch > before, true)
            check(machine.joined(at: self.start), .nothing)
        }
    }

    @Test("an answer to LISTEN has no effect when another session leads, or none")
    func lateListening() {
        for leadsAgain in [false, true] {
            var machine = self.idle()
            _ = machine.joined(at: self.start)
            machine.lead()
            let epoch = machine.epoch
            check(machine.stopLeading(), .nothing)
            if leadsAgain { machine.lead() }
            check(machine.listening(in: epoch, at: self.start), .nothing)
            check(machine.listenFailed("it is gone", in: epoch), .nothing)
            check(machine.failure, nil)
            check(machine.listening(in: machine.epoch, at: self.start), leadsAgain ? .start : .nothing)
        }
    }

    @Test("without LISTEN there is no run: the session is begun again")
    func listenFails() {
        var machine = self.idle()
        _ = machine.joined(at: self.start)
        machine.lead()
        check(
            machine.listenFailed("no", in: machine.epoch),
            .abandon(Machine.Failure(statement: "LISTEN", reason: "no", isChanged: true)))
        check(machine.failure, "LISTEN: no")
        check(machine.isRunning, false)
    }

    @Test("a run ends with either end, deletes the accepted events, and begins again when both are there")
    func ends() {
        var machine = self.publishing(1...3)
        check(self.answer(2, .taken, &machine), .goOn)
        check(machine.left(), .end(self.end(deletes: [2]), nil))
        check(machine.isRunning, false)
        check(machine.left(), .nothing)
        check(machine.joined(at: self.start), .start)

        self.publish(1...1, &machine)
        check(self.answer(1, .taken, &machine), .goOn)
        check(machine.stopLeading(), .end(self.end(deletes: [1])))
        check(machine.stopLeading(), .nothing)
        check(machine.joined(at: self.start), .nothing)
        machine.lead()
        check(machine.listening(in: machine.epoch, at: self.start), .start)
    }

    @Test("an answer that belongs to another run is dropped")
    func otherRun() {
        var machine = self.publishing(1...1)
        let old = machine.epoch
        _ = machine.left()
        _ = machine.joined(at: self.start)
        let step = machine.next(at: self.start)
        check(step == .nothing, false)
        check(machine.take(2, topic: "a", octets: 10, of: old), false)
        check(machine.sequenceWentBack(of: old), false)
        check(machine.scanned(.read(rows: 1, last: 1), of: old, at: self.start), .nothing)
        check(machine.scanned(.failed("no"), of: old, at: self.start), .nothing)
        check(machine.failure, nil)
        check(machine.answered(1, .taken, of: old, at: self.start), .nothing)
        check(machine.answered(1, .silence, of: old, at: self.start), .nothing)
        check(machine.truncated(in: old), false)
        check(machine.mayRenew(in: old), false)
        check(machine.deletion(), .nothing)
        check(machine.next(at: self.start + .minutes(1)), .nothing, "its own scan is still under way")
        check(machine.sequenceWentBack(of: machine.epoch), true)
    }

    // MARK: - The router's answers

    @Test("the rows of accepted events are deleted when all are answered, ahead of the next scan")
    func taken() {
        var machine = self.publishing(1...2)
        check(
            machine.scanned(.read(rows: 2, last: 2), of: machine.epoch, at: self.start),
            .goOn(nil, isFailureChanged: false))
        check(self.answer(1, .taken, &machine), .goOn)
        check(machine.deletion(), .nothing)
        check(machine.next(at: self.start + .seconds(1)), .nothing, "it would be found again")
        check(self.answer(2, .taken, &machine), .goOn)
        check(machine.deletion(), .delete([1, 2]))
        check(machine.deletion(), .nothing)
        check(machine.next(at: self.start + .seconds(1)) == .nothing, false)
    }

    @Test("fewer deleted rows than expected: another sidecar has published them too")
    func publishedTwice() {
        let machine = self.running()
        for (count, event) in [(3, nil), (1, OutboxEvent.eventsPublishedTwice(atLeast: 2))] {
            check(machine.deleted(count, of: 3), event)
        }
    }

    @Test("an event that is refused for good becomes a dead letter at once; one that is refused for now waits")
    func refused() {
        var machine = self.publishing(1...2)
        check(
            self.answer(1, self.refusal(isFinal: true), &machine),
            .giveUp(
                DeadLetter(
                    event: 1, topic: "topic 1", error: "com.example.no", message: "the router says no", attempts: 1),
                nil))
        check(
            self.answer(2, self.refusal(), &machine),
            .report(.eventHeld(topic: "topic 2", event: 2, reason: "the router says no", retryIn: .seconds(1))))
        check(machine.deletion(), .nothing)
        check(machine.held.isHeld("topic 2"), true)
        check(machine.held.isHeld("topic 1"), false)
    }

    @Test("an event that is refused as often as it may be becomes a dead letter")
    func refusedTooOften() {
        var machine = self.publishing(1...1, attempts: 1)
        check(
            self.answer(1, self.refusal(), &machine),
            .giveUp(
                DeadLetter(
                    event: 1, topic: "topic 1", error: "com.example.no", message: "the router says no", attempts: 1),
                nil))
    }

    @Test("an event that can't be sent becomes a dead letter unless that may pass")
    func unreadable() {
        var machine = self.running()
        _ = machine.next(at: self.start)
        for id in 1...2 as ClosedRange<Int64> {
            check(machine.take(id, topic: "topic \(id)", octets: 10, of: machine.epoch), true)
        }
        check(
            machine.unreadable(1, topic: "topic 1", octets: 10, .malformed("no URI"), at: self.start),
            .giveUp(
                DeadLetter(
                    event: 1, topic: "topic 1", error: "wamp.error.invalid_argument", message: "no URI", attempts: 0),
                nil))
        check(
            machine.unreadable(2, topic: "topic 2", octets: 10, OutboxFault("53200 out of memory"), at: self.start),
            .report(.eventHeld(topic: "topic 2", event: 2, reason: "out of memory", retryIn: .seconds(1))))
        _ = machine.scanned(.read(rows: 2, last: 2), of: machine.epoch, at: self.start)
        check(machine.next(at: self.start + .milliseconds(500)) == .nothing, false, "neither is under way")
    }

    @Test("topics refused for one reason are a group; all are tried again when one event is accepted, or given up")
    func groups() {
        for isTaken in [true, false] {
            var machine = self.running()
            let count = Int64(HeldTopics.mostAlone) + 1
            _ = machine.next(at: self.start)
            for id in 1...count {
                check(machine.take(id, topic: "topic \(id)", octets: 10, of: machine.epoch), true)
                machine.sent(
                    id, topic: "topic \(id)", octets: 10, published: PublishTime(age: 0, at: self.start), at: self.start
                )
            }
            for id in 1..<count { _ = self.answer(id, self.refusal(), &machine) }
            check(
                self.answer(count, self.refusal(), &machine),
                .report(.topicsHeld(count: Int(count), reason: "the router says no")))
            _ = machine.scanned(.read(rows: Int(count), last: count), of: machine.epoch, at: self.start)
            let later = self.start + .seconds(2)
            guard case .read(let scan, _, _) = machine.next(at: later) else {
                Issue.record("nothing is tried for the group")
                return
            }
            check(scan.kind, .probes)
            check(scan.ranges, [1...1])
            check(machine.take(1, topic: "topic 1", octets: 10, of: machine.epoch), true)
            machine.sent(1, topic: "topic 1", octets: 10, published: PublishTime(age: 0, at: self.start), at: later)
            let released = OutboxEvent.topicsReleased(count: Int(count) - 1)
            let letter = DeadLetter(
                event: 1, topic: "topic 1", error: "com.example.no", message: "the router says no", attempts: 1)
            check(
                self.answer(1, isTaken ? .taken : self.refusal(isFinal: true), &machine),
                isTaken ? .report(released) : .giveUp(letter, released))
        }
    }

    @Test("a router that does not answer is given up, by the publication's own clock or by the relay's")
    func silentRouter() {
        var machine = self.publishing(1...2)
        check(self.answer(1, .unknown, &machine), .nothing)
        check(self.answer(1, .silence, &machine), .abandonRouter(self.silence))
        for (seconds, expected) in [(10, .goOn), (11, .abandonRouter(self.silence))] as [(Int64, Machine.CheckAction)] {
            check(machine.check(at: self.start + .seconds(seconds)), expected)
        }
        machine.finish()
        check(machine.check(at: self.start + .seconds(11)), .abandonRouter(self.silence), "also at the end")
        _ = machine.left()
        check(machine.check(at: self.start + .seconds(11)), .stop)
    }

    @Test("an event that was alone under way when sessions ended again and again becomes a dead letter")
    func endsSessions() {
        var machine = self.running(attempts: 2)
        for _ in 1...1 {
            self.publish(7...7, &machine)
            check(machine.isSuspectUnderWay, false)
            check(machine.left(), .end(self.end(), nil))
            _ = machine.joined(at: self.start)
        }
        self.publish(7...7, &machine)
        check(machine.isSuspectUnderWay, true)
        check(
            machine.left(),
            .end(
                self.end(),
                DeadLetter(
                    event: 7, topic: "topic 7", error: "wamp.error.invalid_payload",
                    message: "the session with the router ended 2 times while this event alone was under way",
                    attempts: 2)))
        machine.finish()
        check(machine.finishing(), .nothing, "its row is not out of the table yet")
        machine.removalEnded()
        check(machine.finishing(), .finished)
    }

    // MARK: - The end

    @Test("at the end nothing more is read or published; events under way are answered and deleted first")
    func finishes() {
        var machine = self.publishing(1...2)
        machine.finish()
        check(machine.finishing(), .nothing)
        check(machine.isRunning, false)
        check(machine.next(at: self.start), .nothing)
        check(machine.take(3, topic: "a", octets: 10, of: machine.epoch), false)
        check(self.answer(1, .taken, &machine), .goOn)
        check(machine.finishing(), .nothing)
        check(self.answer(2, .taken, &machine), .goOn)
        check(machine.finishing(), .end(self.end(deletes: [1, 2])))
        check(machine.finishing(), .nothing)
        machine.removalEnded()
        check(machine.finishing(), .finished)
        check(machine.finishing(), .nothing, "once")
        check(machine.joined(at: self.start), .nothing)
    }

    @Test("it ends too when either end is lost meanwhile; suspect events are not given up for that")
    func finishesWithout() {
        for isRouterLost in [true, false] {
            var machine = self.publishing(1...2, attempts: 1)
            check(self.answer(1, .taken, &machine), .goOn)
            machine.finish()
            if isRouterLost {
                check(machine.left(), .end(self.end(deletes: [1]), nil))
            } else {
                check(machine.stopLeading(), .end(self.end(deletes: [1])))
            }
            check(machine.finishing(), .nothing)
            machine.removalEnded()
            check(machine.finishing(), .finished)
        }
    }

    @Test("with nothing under way it ends at once, and does not begin again")
    func finishesIdle() {
        var machine = self.idle()
        machine.finish()
        check(machine.finishing(), .finished)
        machine.lead()
        check(machine.joined(at: self.start), .nothing)
        check(machine.listening(in: machine.epoch, at: self.start), .nothing)
    }

    // MARK: - The wake lock

    /// Runs until it asks for the wake lock, and returns when that is.
    private func locking(_ machine: inout Machine) -> NIODeadline {
        _ = machine.next(at: self.start)
        _ = machine.scanned(.read(rows: 0, last: nil), of: machine.epoch, at: self.start)
        let now = self.start + .milliseconds(20)
        check(machine.next(at: now), .tryLock)
        return now
    }

    @Test("a wake lock that comes when the run is over is released in its session")
    func lateLock() {
        for (isOurs, expected) in [(true, Machine.LockAction.giveBack), (false, .nothing)] {
            var machine = self.running()
            let now = self.locking(&machine)
            let epoch = machine.epoch
            check(machine.left(), .end(self.end(), nil))
            check(machine.lockAnswered(isOurs, in: epoch, at: now), expected)
            _ = machine.joined(at: now)
            check(machine.lockAnswered(isOurs, in: epoch, at: now), expected)
        }
    }

    @Test("a wake lock that is held when the run ends is released, also if that was about to happen")
    func heldLock() {
        for (rows, isAsleep) in [(0, true), (1, false)] {
            var machine = self.running()
            let now = self.locking(&machine)
            check(machine.lockAnswered(true, in: machine.epoch, at: now), .goOn)
            _ = machine.next(at: now)
            if rows > 0 { check(machine.take(1, topic: "a", octets: 10, of: machine.epoch), true) }
            _ = machine.scanned(.read(rows: rows, last: rows > 0 ? 1 : nil), of: machine.epoch, at: now)
            check(machine.mayRenew(in: machine.epoch), isAsleep)
            check(machine.left(), .end(self.end(givesLockBack: true), nil))
            check(machine.mayRenew(in: machine.epoch), false)
            _ = machine.joined(at: now)
            check(machine.stopLeading(), .end(self.end()))
        }
    }

    @Test("rows that a scan finds while asleep are reported")
    func foundAsleep() {
        var machine = self.running()
        var now = self.locking(&machine)
        _ = machine.lockAnswered(true, in: machine.epoch, at: now)
        _ = machine.next(at: now)
        _ = machine.scanned(.read(rows: 0, last: nil), of: machine.epoch, at: now)
        check(machine.next(at: now), .rest(until: now + .seconds(1)))
        now = now + .seconds(1)
        _ = machine.next(at: now)
        check(
            machine.scanned(.read(rows: 2, last: 2), of: machine.epoch, at: now),
            .goOn(.eventsFoundAsleep(2), isFailureChanged: false))
    }

    // MARK: - Failures

    @Test("a failure lasts until a scan succeeds, also beyond the session")
    func failure() {
        var machine = self.running()
        check(
            machine.failed("relay_delete", "no"),
            Machine.Failure(statement: "relay_delete", reason: "no", isChanged: true))
        check(machine.failed("relay_delete", "no").isChanged, false)
        check(machine.failure, "relay_delete: no")
        _ = machine.stopLeading()
        check(machine.failure, "relay_delete: no")
        machine.lead()
        _ = machine.listening(in: machine.epoch, at: self.start)
        _ = machine.next(at: self.start)
        check(
            machine.scanned(.failed("never"), of: machine.epoch, at: self.start),
            .abandon(Machine.Failure(statement: "relay_read", reason: "never", isChanged: true)))
        check(machine.failure, "relay_read: never")
        check(machine.scanned(.lost, of: machine.epoch, at: self.start), .nothing)
        check(machine.failure, "relay_read: never")
        check(
            machine.scanned(.read(rows: 0, last: nil), of: machine.epoch, at: self.start),
            .goOn(nil, isFailureChanged: true))
        check(machine.failure, nil)
    }

    @Test("a locked table is reported, and looked at again in a second")
    func locked() {
        var machine = self.running()
        let reason = "the outbox is locked: canceled"
        for isNew in [true, false] {
            _ = machine.next(at: self.start + .minutes(1))
            check(
                machine.scanned(.locked("canceled"), of: machine.epoch, at: self.start),
                .goOn(.relayFailed(statement: "relay_read", reason: reason), isFailureChanged: isNew))
            check(machine.failure, reason)
            check(machine.next(at: self.start), .wait(until: self.start + .seconds(1)))
        }
    }

    // MARK: - What is counted

    private func checkCounts(_ machine: borrowing Machine, _ comment: Comment) {
        let counts = machine.counts
        let ended = counts.acknowledged + counts.held + counts.dead + counts.unanswered
        check(counts.read, ended + machine.underWayCount, comment)
    }

    @Test("each event that was read is acknowledged, held, dead, unanswered or under way")
    func counts() {
        var machine = self.publishing(1...6)
        self.checkCounts(machine, "sent")
        _ = self.answer(1, .taken, &machine)
        _ = self.answer(2, self.refusal(), &machine)
        _ = self.answer(3, self.refusal(isFinal: true), &machine)
        // Twice, too late, or nothing: no event ends by that.
        _ = self.answer(1, .taken, &machine)
        _ = self.answer(4, .unknown, &machine)
        _ = machine.answered(5, .taken, of: machine.epoch - 1, at: self.start)
        check(machine.counts, RelayCounts(read: 6, acknowledged: 1, held: 1, dead: 1))
        self.checkCounts(machine, "answered")
        _ = machine.take(7, topic: "bad", octets: 10, of: machine.epoch)
        _ = machine.unreadable(7, topic: "bad", octets: 10, .malformed("no"), at: self.start)
        self.checkCounts(machine, "unreadable")
        _ = machine.left()
        check(machine.counts, RelayCounts(read: 7, acknowledged: 1, held: 1, dead: 2, unanswered: 3))
        self.checkCounts(machine, "left")
    }

    @Test("an event that ends sessions is dead, and not unanswered besides")
    func countsSuspects() {
        var machine = self.idle()
        machine.lead()
        _ = machine.listening(in: machine.epoch, at: self.start)
        for _ in 1...10 {
            _ = machine.joined(at: self.start)
            self.publish(1...1, &machine)
            _ = machine.left()
            self.checkCounts(machine, "left")
            if machine.counts.dead > 0 { break }
        }
        check(machine.counts.dead, 1)
        check(machine.counts.unanswered, machine.counts.read - 1)
    }
}

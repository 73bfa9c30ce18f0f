import NIOCore
import TestChecks
import Testing

@testable import Outbox

@Suite("When the database is asked how much waits in it")
struct FiguresStateMachineTests {
    private typealias Machine = FiguresStateMachine
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private let figures = OutboxFigures(
        waiting: 3, oldest: 1.5, lettersOfPublications: 1, lettersOfEvents: 2, oldestLetter: 60,
        notificationQueue: 0.25)

    /// It leads, and has asked.
    private func asking() -> Machine {
        var machine = Machine()
        machine.lead(at: self.start)
        check(machine.ticked(isIdle: true, at: self.start), .ask)
        return machine
    }

    @Test("once this sidecar leads, and no more when it does not")
    func leading() {
        var machine = Machine()
        check(machine.ticked(isIdle: true, at: self.start), .nothing)
        machine.lead(at: self.start)
        check(machine.ticked(isIdle: true, at: self.start), .ask)
        machine.answered(self.figures, at: self.start)
        check(machine.figures(at: self.start), self.figures)
        machine.stopLeading()
        check(machine.figures(at: self.start), nil)
        check(machine.ticked(isIdle: true, at: self.start + .hours(1)), .nothing)
        machine.lead(at: self.start + .hours(1))
        check(machine.figures(at: self.start + .hours(1)), nil)
        check(machine.ticked(isIdle: true, at: self.start + .hours(1)), .ask)
    }

    @Test("an answer that comes when it leads no more is dropped")
    func late() {
        var machine = self.asking()
        machine.stopLeading()
        machine.answered(self.figures, at: self.start)
        check(machine.figures(at: self.start), nil)
    }

    @Test("one question at a time, with a pause between two")
    func pace() {
        var machine = self.asking()
        check(machine.ticked(isIdle: true, at: self.start + .hours(1)), .nothing)
        let answered = self.start + .hours(1) + .seconds(1)
        machine = self.asking()
        machine.answered(self.figures, at: self.start + .milliseconds(1))
        check(machine.ticked(isIdle: true, at: self.start + .seconds(15)), .nothing)
        check(machine.ticked(isIdle: true, at: self.start + .milliseconds(15_001)), .ask)
        // One that took a second is repeated after fifty.
        machine.answered(self.figures, at: self.start + .milliseconds(16_001))
        check(machine.ticked(isIdle: true, at: self.start + .seconds(66)), .nothing)
        check(machine.ticked(isIdle: true, at: answered), .ask)
    }

    @Test("a busy session is spared for a while")
    func busy() {
        var machine = Machine()
        machine.lead(at: self.start)
        check(machine.ticked(isIdle: false, at: self.start + .seconds(14)), .nothing)
        check(machine.ticked(isIdle: false, at: self.start + .seconds(15)), .ask)
    }

    @Test("an answer is believed until the next one should have come")
    func age() {
        var machine = self.asking()
        machine.answered(self.figures, at: self.start)
        check(machine.figures(at: self.start + .milliseconds(44_999)), self.figures)
        check(machine.figures(at: self.start + .seconds(45)), nil)
    }

    @Test("without an answer nothing is known; each kind of error is reported once")
    func errors() {
        var machine = self.asking()
        machine.answered(self.figures, at: self.start)
        func fail(_ sqlstate: String, after seconds: Int64) -> Machine.FailureAction {
            let now = self.start + .seconds(seconds)
            check(machine.ticked(isIdle: true, at: now), .ask)
            return machine.failed(sqlstate: sqlstate, reason: "no \(seconds)", at: now)
        }
        check(fail("55P03", after: 20), .report("no 20"))
        check(machine.figures(at: self.start + .seconds(20)), nil)
        check(fail("55P03", after: 40), .nothing)
        check(fail("42501", after: 60), .report("no 60"))
        check(fail("55P03", after: 80), .nothing)
        check(machine.ticked(isIdle: true, at: self.start + .seconds(100)), .ask)
        machine.unanswered(at: self.start + .seconds(101))
        check(machine.ticked(isIdle: true, at: self.start + .seconds(115)), .nothing)
        check(machine.ticked(isIdle: true, at: self.start + .seconds(116)), .ask)
    }
}

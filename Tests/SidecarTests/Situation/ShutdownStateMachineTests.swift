import TestChecks
import Testing

@testable import Sidecar

@Suite("Order of the shutdown")
struct ShutdownStateMachineTests {
    @Test("the parts finish one after the other, then GOODBYE is sent")
    func inOrder() {
        var machine = ShutdownStateMachine()
        check(machine.begin(parts: 2), .drain(0))
        check(machine.drained(0), .drain(1))
        check(machine.drained(1), .sayGoodbye)
        check(machine.left(), .end(.inTime))
        check(machine.goodbyeTimedOut(), .nothing)
        check(machine.patienceEnded(), .nothing)
    }

    @Test("without parts only GOODBYE is sent")
    func empty() {
        var machine = ShutdownStateMachine()
        check(machine.begin(parts: 0), .sayGoodbye)
        check(machine.left(), .end(.inTime))
    }

    @Test("a part that finishes when its own time is over changes nothing")
    func late() {
        var machine = ShutdownStateMachine()
        check(machine.begin(parts: 3), .drain(0))
        check(machine.drained(0), .drain(1))
        check(machine.drained(0), .nothing)
        check(machine.drained(1), .drain(2))
        check(machine.drained(2), .sayGoodbye)
        check(machine.drained(2), .nothing)
        check(machine.left(), .end(.inTime))
    }

    @Test("when the time of all is over, unfinished work is given up")
    func unfinished() {
        var machine = ShutdownStateMachine()
        check(machine.begin(parts: 2), .drain(0))
        check(machine.patienceEnded(), .sayGoodbye)
        check(machine.drained(0), .nothing)
        check(machine.left(), .end(.unfinished))
        check(machine.left(), .nothing)
    }

    @Test("a router that does not answer is not waited for")
    func silent() {
        var finished = ShutdownStateMachine()
        check(finished.begin(parts: 1), .drain(0))
        check(finished.drained(0), .sayGoodbye)
        check(finished.goodbyeTimedOut(), .end(.withoutGoodbye))
        check(finished.left(), .nothing)
        var unfinished = ShutdownStateMachine()
        check(unfinished.begin(parts: 1), .drain(0))
        check(unfinished.patienceEnded(), .sayGoodbye)
        check(unfinished.goodbyeTimedOut(), .end(.unfinished))
    }

    @Test("it stops once")
    func twice() {
        var machine = ShutdownStateMachine()
        check(machine.drained(0), .nothing)
        check(machine.patienceEnded(), .nothing)
        check(machine.left(), .nothing)
        check(machine.begin(parts: 1), .drain(0))
        check(machine.begin(parts: 1), .nothing)
    }
}

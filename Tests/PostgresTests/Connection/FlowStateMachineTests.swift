import TestChecks
import Testing

@testable import Postgres

@Suite("Whether a connection reads, and what it waits for")
struct FlowStateMachineTests {
    @Test("while paused it reads nothing, and requests no report")
    func pause() {
        var machine = FlowStateMachine()
        check(machine.resume(), .none, "it reads")
        check(machine.socketIsReady(), true)
        machine.pause()
        check(machine.isHeld, true)
        check(machine.socketIsReady(), false)
        check(machine.mustArm, false)
        check(machine.resume(), .read)
        check(machine.isHeld, false)
        check(machine.mustArm, true)
    }

    @Test("useless results are read to their end, and then the pause holds again")
    func drain() {
        var machine = FlowStateMachine()
        machine.pause()
        check(machine.drain(), .read)
        check(machine.drain(), .none)
        check(machine.isHeld, false)
        machine.segmentEnded()
        check(machine.isHeld, true)
        check(machine.resume(), .read)
        machine.segmentEnded()
        check(machine.isHeld, false)
    }

    @Test("a pause in the midst of that holds after it; taken back it does not")
    func pauseWhileDraining() {
        var machine = FlowStateMachine()
        check(machine.drain(), .none, "it reads already")
        machine.pause()
        check(machine.isHeld, false)
        machine.segmentEnded()
        check(machine.isHeld, true)
        _ = machine.drain()
        check(machine.resume(), .read)
        machine.segmentEnded()
        check(machine.isHeld, false)
    }

    @Test("allowed to read again in the midst of reading, it reads once more in the same turn")
    func readOn() {
        var machine = FlowStateMachine()
        machine.turnBegan()
        check(machine.hasRead(), false)
        machine.pause()
        check(machine.resume(), .readOn)
        check(machine.hasRead(), true)
        check(machine.hasRead(), false)
        machine.turnEnded()
        machine.pause()
        check(machine.resume(), .read)
    }

    @Test("the rest is sent when the socket is ready, and a report is requested once")
    func writing() {
        var machine = FlowStateMachine()
        check(machine.hasNothingToSend, true)
        machine.sent()
        check(machine.isPending, true)
        check(machine.hasNothingToSend, false)
        check(machine.mustArm, true)
        machine.armed(forWriting: true)
        check(machine.isPending, true)
        check(machine.mustArm, false, "that report will come")
        machine.sent()
        check(machine.mustArm, false)
        check(machine.socketIsReady(), true)
        check(machine.isPending, true)
        check(machine.mustArm, true)
        machine.flushed()
        check(machine.isPending, false)
        check(machine.hasNothingToSend, true)
    }

    @Test("with a report on its way there is something to wait for besides an answer, flushed or not")
    func flushedWhileArmed() {
        var machine = FlowStateMachine()
        machine.sent()
        machine.armed(forWriting: true)
        machine.flushed()
        check(machine.isPending, false)
        check(machine.hasNothingToSend, false)
        check(machine.mustArm, false)
        machine.armed(forWriting: false)
        check(machine.hasNothingToSend, true)
    }

    @Test("a report may have come and gone during a pause, so another is requested after it")
    func reportDuringPause() {
        var machine = FlowStateMachine()
        machine.sent()
        machine.armed(forWriting: true)
        machine.pause()
        check(machine.socketIsReady(), false)
        check(machine.resume(), .read)
        check(machine.mustArm, true)
        check(machine.isPending, true)
    }
}

import TestChecks
import Testing

@testable import Sidecar

@Suite("What the service manager is sent")
struct ServiceManagerStateMachineTests {
    @Test("nothing before the start, and each thing once")
    func once() {
        var machine = ServiceManagerStateMachine()
        check(machine.message, nil)
        machine.started()
        check(machine.message, "READY=1\nSTATUS=starting")
        machine.delivered()
        check(machine.message, nil)
        machine.changed(status: "ready")
        check(machine.message, "STATUS=ready")
        machine.delivered()
        machine.changed(status: "ready")
        check(machine.message, nil)
        machine.stopping()
        check(machine.message, "STOPPING=1\nSTATUS=stopping")
        machine.delivered()
        machine.changed(status: "no session with the router")
        check(machine.message, nil)
    }

    @Test("what did not arrive is sent with what came later")
    func lost() {
        var machine = ServiceManagerStateMachine()
        machine.started()
        machine.changed(status: "standby")
        check(machine.message, "READY=1\nSTATUS=standby")
    }

    @Test("a status is one line")
    func line() {
        var machine = ServiceManagerStateMachine()
        machine.changed(status: "ready\nREADY=1")
        check(machine.message, "STATUS=ready")
    }

    @Test("each reason why nothing arrives is news once, and again after something has arrived")
    func reasons() {
        var machine = ServiceManagerStateMachine()
        check(machine.failed("gone"), true)
        check(machine.failed("gone"), false)
        check(machine.failed("full"), true)
        machine.delivered()
        check(machine.failed("full"), true)
    }
}

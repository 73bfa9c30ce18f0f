import TestChecks
import Testing

@testable import Sidecar

@Suite("How long a connection to the admin port lasts")
struct AdminConnectionStateMachineTests {
    private typealias Machine = AdminConnectionStateMachine

    @Test("a request has its time as a whole, and so has the pause behind it")
    func pace() {
        var machine = Machine()
        check(machine.opened(), .wait(Machine.requestPatience))
        check(machine.received(), .nothing)
        check(machine.received(), .nothing)
        check(machine.answered(isLast: false), .wait(Machine.idlePatience))
        check(machine.received(), .wait(Machine.requestPatience))
        check(machine.received(), .nothing)
        check(machine.timedOut(), .close)
        check(machine.isReading, false)
        check(machine.timedOut(), .nothing)
    }

    @Test("several requests that came at once have an answer each")
    func several() {
        var machine = Machine()
        check(machine.answered(isLast: false), .wait(Machine.idlePatience))
        check(machine.answered(isLast: false), .wait(Machine.idlePatience))
        check(machine.isReading, true)
    }

    @Test("after the last answer nothing is looked at")
    func last() {
        var machine = Machine()
        check(machine.answered(isLast: true), .linger(Machine.lingering))
        check(machine.isReading, false)
        check(machine.received(), .nothing)
        check(machine.answered(isLast: false), .nothing)
        check(machine.timedOut(), .close)
    }

    @Test("once it is closed nothing follows")
    func closed() {
        var machine = Machine()
        machine.closed()
        check(machine.received(), .nothing)
        check(machine.answered(isLast: true), .nothing)
        check(machine.timedOut(), .nothing)
    }
}

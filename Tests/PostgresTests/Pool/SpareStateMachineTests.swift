import TestChecks
import Testing

@testable import Postgres

@Suite("Which spare connections there are")
struct SpareStateMachineTests {
    private static func machine() -> SpareStateMachine { SpareStateMachine(slots: 3..<6) }

    @Test("one is opened for each that is needed and missing, the first ones first, and never more than allowed")
    func opening() {
        var machine = Self.machine()
        check(machine.suspended(wanted: 0), [])
        check(machine.suspended(wanted: 1), [3])
        check(machine.suspended(wanted: 1), [])
        check(machine.suspended(wanted: 3), [4, 5])
        check(machine.suspended(wanted: 9), [])
    }

    @Test("after a while the unneeded ones are looked for once, and again as long as there are any")
    func looking() {
        var machine = Self.machine()
        check(machine.resumed(), false, "there are none")
        _ = machine.suspended(wanted: 2)
        check(machine.resumed(), true)
        check(machine.resumed(), false, "that is on its way already")
        var (closed, looksAgain) = machine.looked(wanted: 2, idle: [3, 4])
        check(closed, [], "they are needed")
        check(looksAgain, true)
        (closed, looksAgain) = machine.looked(wanted: 0, idle: [3, 4])
        check(closed, [4, 3])
        check(looksAgain, false)
        check(machine.resumed(), false)
        check(machine.suspended(wanted: 1), [3], "and from the beginning")
        check(machine.resumed(), true)
    }

    @Test("those at work are kept, the ordinary ones are no spare ones, and the last ones go first")
    func closing() {
        var machine = Self.machine()
        _ = machine.suspended(wanted: 3)
        _ = machine.resumed()
        let (closed, looksAgain) = machine.looked(wanted: 0, idle: [0, 1, 2, 4])
        check(closed, [4])
        check(looksAgain, true)
        let (surplus, _) = machine.looked(wanted: 1, idle: [0, 3, 5])
        check(surplus, [5])
        check(machine.suspended(wanted: 2), [4], "its place is free")
        let (rest, looksOn) = machine.looked(wanted: 0, idle: [3, 4])
        check(rest, [4, 3])
        check(looksOn, false)
    }

    @Test("without work that has ended waiting nothing is closed")
    func early() {
        var machine = Self.machine()
        _ = machine.suspended(wanted: 1)
        let (closed, looksAgain) = machine.looked(wanted: 0, idle: [3])
        check(closed, [])
        check(looksAgain, false)
    }
}

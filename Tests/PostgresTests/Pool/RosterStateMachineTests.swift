import TestChecks
import Testing

@testable import Postgres

@Suite("Which connections there are to be, and what for")
struct RosterStateMachineTests {
    private typealias Change = RosterStateMachine.Change

    private static func machine() -> RosterStateMachine { RosterStateMachine(connections: 3) }

    // MARK: - The limit

    @Test("with a greater limit others are opened, and take places that are free")
    func growing() {
        var machine = Self.machine()
        check(machine.permanent, [0, 1, 2])
        check(machine.slots, 6)
        check(machine.change(to: 5, in: []), Change(opened: [3, 4]))
        check(machine.permanent, [0, 1, 2, 3, 4])
        check(machine.slots, 6, "as many as are needed")
        check(machine.change(to: 8, in: []), Change(opened: [5, 6, 7]))
        check(machine.slots, 8)
        check(machine.change(to: 8, in: []), Change())
    }

    @Test("a spare connection becomes a permanent one before another is opened")
    func growingOverSpares() {
        var machine = Self.machine()
        check(machine.suspended(wanted: 2), [3, 4])
        check(machine.change(to: 4, in: []), Change())
        check(machine.permanent, [0, 1, 2, 3])
        check(machine.suspended(wanted: 2), [5], "there is one spare one less")
        check(machine.change(to: 7, in: []), Change(opened: [6]))
        check(machine.permanent, Array(0...6))
    }

    @Test("with a smaller limit the best stay, and the others leave, each when its connection ends")
    func shrinking() {
        var machine = Self.machine()
        check(machine.change(to: 1, in: [1, 4, 2, 0]), Change(closed: [2, 0]))
        check(machine.permanent, [1])
        check([0, 1, 2].map { machine.isLeaving($0) }, [true, false, true])
        check(machine.ended(slot: 1), true, "another takes its place")
        check(machine.ended(slot: 0), false)
        check(machine.isLeaving(0), false)
        check(machine.ended(slot: 0), false)
        check(machine.change(to: 1, in: [0, 1, 2]), Change())
    }

    @Test("one that leaves becomes permanent again, and is replaced then")
    func growingBeforeTheyAreGone() {
        var machine = Self.machine()
        _ = machine.change(to: 1, in: [0, 1, 2])
        check(machine.ended(slot: 1), false)
        check(machine.change(to: 3, in: []), Change(opened: [1]), "and one whose place is free")
        check(machine.permanent, [0, 1, 2])
        check(machine.ended(slot: 2), true)
    }

    @Test("spare connections can be the best, and those that are too many leave at once")
    func shrinkingWithSpares() {
        var machine = Self.machine()
        check(machine.suspended(wanted: 3), [3, 4, 5])
        check(machine.change(to: 2, in: [4, 3, 5, 0, 1, 2]), Change(closed: [5, 0, 1, 2]))
        check(machine.permanent, [3, 4])
        check(machine.suspended(wanted: 1), [6], "none of those that leave")
        check(machine.suspended(wanted: 3), [7], "never more than there are permanent ones")
        check(machine.slots, 8)
    }

    // MARK: - Spare connections

    @Test("one is opened for each that is needed and missing, the first ones first, and never more than allowed")
    func opening() {
        var machine = Self.machine()
        check(machine.suspended(wanted: 0), [])
        check(machine.suspended(wanted: 1), [3])
        check(machine.suspended(wanted: 1), [])
        check(machine.suspended(wanted: 3), [4, 5])
        check(machine.suspended(wanted: 9), [])
        check((0...5).map { machine.isPermanent($0) }, [true, true, true, false, false, false])
        check(machine.ended(slot: 4), true, "one that is lost is replaced")
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
        for slot in closed { check(machine.ended(slot: slot), false) }
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
        check(machine.ended(slot: 4), false)
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

import TestChecks
import Testing

@testable import Postgres

@Suite("When a session is put in order")
struct CleaningStateMachineTests {
    private typealias Machine = CleaningStateMachine<Int>

    @Test("a setting left behind makes it necessary, and it is sent once")
    func plain() {
        var machine = Machine()
        check(machine.isSoiled, false)
        machine.soil()
        check(machine.isSoiled, true)
        check(machine.clean(), true)
        check(machine.isSoiled, false)
        check(machine.clean(), false, "it is on its way")
        check(machine.ended(hasFailed: false), .clean)
        check(machine.isSoiled, false)
        check(machine.clean(), true, "a session that seems clean can be put in order too")
    }

    @Test("a setting that work ahead of it leaves behind makes it necessary again")
    func soiledMeanwhile() {
        var machine = Machine()
        _ = machine.clean()
        machine.soil()
        check(machine.isSoiled, true)
        check(machine.ended(hasFailed: false), .clean)
        check(machine.isSoiled, true)
        check(machine.clean(), true)
    }

    @Test("work that follows is sent when the session has been put in order")
    func follower() {
        var machine = Machine()
        _ = machine.clean()
        machine.follow(7, settings: nil)
        check(machine.follower, 7)
        check(machine.ended(hasFailed: false), .sendAfterCleaning(7))
        check(machine.follower, nil)
        check(machine.isSoiled, false)
    }

    @Test("and after the settings that it needs, if it needs some")
    func settings() {
        var machine = Machine()
        _ = machine.clean()
        machine.follow(7, settings: "set a to b")
        machine.soil()
        check(machine.ended(hasFailed: false), .set("set a to b"))
        check(machine.follower, 7)
        check(machine.clean(), false, "nothing comes in between")
        check(machine.ended(hasFailed: false), .sendAfterSetting(7))
        check(machine.follower, nil)
        check(machine.isSoiled, true)
    }

    @Test("work whose settings fail is refused, and the session is put in order after it")
    func settingsFail() {
        var machine = Machine()
        _ = machine.clean()
        machine.follow(7, settings: "set a to b")
        _ = machine.ended(hasFailed: false)
        check(machine.isSoiled, false)
        check(machine.ended(hasFailed: true), .refuse(7))
        check(machine.isSoiled, true)
        check(machine.lost(), nil)
    }

    @Test("a session that can't be put in order is useless, and the work that follows is not sent there")
    func failure() {
        var machine = Machine()
        _ = machine.clean()
        machine.follow(7, settings: nil)
        check(machine.ended(hasFailed: true), .retire)
        check(machine.clean(), false)
        check(machine.follower, 7)
        check(machine.lost(), 7)
        check(machine.lost(), nil)
    }

    @Test("a lost connection returns the work that follows, wherever it stands", arguments: [false, true])
    func lost(isSetting: Bool) {
        var machine = Machine()
        _ = machine.clean()
        machine.follow(7, settings: "set a to b")
        if isSetting { _ = machine.ended(hasFailed: false) }
        check(machine.lost(), 7)
        check(machine.ended(hasFailed: false), .none)
    }
}

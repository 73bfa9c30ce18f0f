import TestChecks
import Testing

@testable import Functions

@Suite("Whether a function runs again")
struct RunStateMachineTests {
    typealias Machine = RunStateMachine

    /// One that is on its way.
    private static func running(_ rules: RunRules = .call(retries: 2)) -> Machine {
        var machine = Machine(rules)
        machine.sent()
        return machine
    }

    private static func isOver(_ machine: Machine) -> Bool {
        var machine = machine
        guard machine.interrupt() == .nothing else { return false }
        return !machine.lookedUp(isFound: true)
    }

    @Test("a conflict with another transaction is tried again so often, and then it is answered")
    func conflicts() {
        var machine = Self.running()
        for _ in 1...2 {
            check(machine.failed(.conflict, isRepeatable: true), .run)
            machine.sent()
        }
        check(machine.failed(.conflict, isRepeatable: true), .fail)
        check(Self.isOver(machine), true)
    }

    @Test("with no retries a conflict is answered at once")
    func noRetries() {
        var machine = Self.running(.call(retries: 0))
        check(machine.failed(.conflict, isRepeatable: true), .fail)
    }

    @Test("a definition that may have changed is looked up once, whatever comes in between")
    func definitions() {
        var machine = Self.running()
        check(machine.failed(.definition, isRepeatable: true), .lookUp)
        check(machine.lookedUp(isFound: true), true)
        machine.sent()
        check(machine.failed(.conflict, isRepeatable: true), .run)
        machine.sent()
        check(machine.failed(.definition, isRepeatable: true), .fail)
        check(Self.isOver(machine), true)
    }

    @Test("a statement that was missing is sent again a few times, without a look-up")
    func preparations() {
        for rules in [RunRules.call(retries: 0), .result] {
            var machine = Self.running(rules)
            for _ in 1...5 {
                check(machine.failed(.notPrepared, isRepeatable: true), .run)
                machine.sent()
            }
            check(machine.failed(.notPrepared, isRepeatable: true), .fail)
            check(Self.isOver(machine), true)
        }
    }

    @Test("a function that does not exist any more is the answer")
    func gone() {
        var machine = Self.running()
        check(machine.failed(.definition, isRepeatable: true), .lookUp)
        check(machine.lookedUp(isFound: false), true)
        check(Self.isOver(machine), true)
    }

    @Test("values that don't fit may fit the present definition, once")
    func misfits() {
        var machine = Machine(.call(retries: 2))
        check(machine.doesNotFit(isOfCatalog: true), .lookUp)
        check(machine.lookedUp(isFound: true), true)
        check(machine.doesNotFit(isOfCatalog: true), .fail)
        check(Self.isOver(machine), true)
        var statement = Machine(.call(retries: 2))
        check(statement.doesNotFit(isOfCatalog: false), .fail)
    }

    @Test("an error that settings left behind may cause runs once more, in a clean session")
    func settings() {
        var machine = Self.running()
        check(machine.needsCleanSession, false)
        check(machine.failed(.right, isRepeatable: true), .run)
        check(machine.needsCleanSession, true)
        machine.sent()
        check(machine.failed(.conflict, isRepeatable: true), .run)
        check(machine.needsCleanSession, true, "it stays in such a session")
        machine.sent()
        check(machine.failed(.encoding, isRepeatable: true), .fail)
    }

    @Test("an unrepeatable run is answered, and the function looked up for later ones")
    func notRepeatable() {
        var machine = Self.running()
        check(machine.failed(.definition, isRepeatable: false), .failAndLookUp)
        check(Self.isOver(machine), true)
        var conflict = Self.running()
        check(conflict.failed(.conflict, isRepeatable: false), .fail)
        var result = Self.running(.result)
        check(result.failed(.definition, isRepeatable: false), .fail)
    }

    @Test("an interrupted run is ended, and does not run again")
    func interrupted() {
        for _ in 1...2 {
            var machine = Self.running()
            check(machine.interrupt(), .end)
            check(machine.interrupt(), .end)
            check(machine.lookedUp(isFound: true), false)
            check(machine.failed(.conflict, isRepeatable: true), .fail)
            check(Self.isOver(machine), true)
        }
        var suspected = Self.running()
        _ = suspected.interrupt()
        check(suspected.failed(.definition, isRepeatable: true), .failAndLookUp)
    }

    @Test("an interrupt during the look-up is answered, and the look-up's result is dropped")
    func interruptedBefore() {
        var machine = Machine(.call(retries: 2))
        check(machine.interrupt(), .fail)
        check(machine.interrupt(), .nothing, "it is answered once")
        check(machine.lookedUp(isFound: true), false)
        check(machine.lookedUp(isFound: false), false)
    }

    @Test("without the session nothing is sent any more, and nothing runs again")
    func abandoned() {
        var machine = Self.running()
        check(machine.abandon(), .withdraw)
        check(machine.failed(.conflict, isRepeatable: true), .fail)
        var before = Machine(.call(retries: 2))
        check(before.abandon(), .nothing)
        check(before.lookedUp(isFound: true), false)
    }

    @Test("a run that has ended ignores later events")
    func ended() {
        var machine = Self.running()
        machine.ended()
        check(Self.isOver(machine), true)
        check(machine.abandon(), .nothing)
        check(machine.failed(.conflict, isRepeatable: true), .fail)
        machine.sent()
        check(Self.isOver(machine), true)
    }

    @Test("a result's function is looked up or prepared again, and nothing else is tried")
    func results() {
        var machine = Self.running(.result)
        check(machine.failed(.definition, isRepeatable: true), .lookUp)
        machine.sent()
        check(machine.failed(.definition, isRepeatable: true), .fail)
        for verdict in Verdict.allCases where ![.definition, .notPrepared].contains(verdict) {
            var machine = Self.running(.result)
            check(machine.failed(verdict, isRepeatable: true), .fail, "\(verdict)")
        }
    }

    @Test("the attempts of a call, by verdict")
    func calls() {
        let tried: [Verdict: Machine.FailureAction] = [
            .conflict: .run, .right: .run, .encoding: .run, .definition: .lookUp, .notPrepared: .run,
        ]
        for verdict in Verdict.allCases {
            var machine = Self.running()
            check(machine.failed(verdict, isRepeatable: true), tried[verdict] ?? .fail, "\(verdict)")
        }
    }
}

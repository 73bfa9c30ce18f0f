import TestChecks
import Testing

@testable import Functions

@Suite("Whether a function runs again")
struct RunStateMachineTests {
    typealias Machine = RunStateMachine<Int>

    /// One that is on its way as work 1.
    private static func running(_ rules: RunRules = .call(retries: 2)) -> Machine {
        var machine = Machine(rules)
        machine.sent(1)
        return machine
    }

    private static func isOver(_ machine: Machine) -> Bool {
        var machine = machine
        guard case .nothing = machine.interrupt() else { return false }
        return !machine.lookedUp(isFound: true)
    }

    @Test("a conflict with another transaction is tried again so often, and then it is answered")
    func conflicts() {
        var machine = Self.running()
        for work in 2...3 {
            check(machine.failed(.conflict, isRepeatable: true), .run)
            machine.sent(work)
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
        machine.sent(2)
        check(machine.failed(.conflict, isRepeatable: true), .run)
        machine.sent(3)
        check(machine.failed(.notPrepared, isRepeatable: true), .fail)
        check(Self.isOver(machine), true)
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
        machine.sent(2)
        check(machine.failed(.conflict, isRepeatable: true), .run)
        check(machine.needsCleanSession, true, "it stays in such a session")
        machine.sent(3)
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
            guard case .end(1) = machine.interrupt(), case .end(1) = machine.interrupt() else {
                Issue.record("it is not ended")
                return
            }
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
        guard case .fail = machine.interrupt(), case .nothing = machine.interrupt() else {
            Issue.record("it is not answered once")
            return
        }
        check(machine.lookedUp(isFound: true), false)
        check(machine.lookedUp(isFound: false), false)
    }

    @Test("without the session nothing is sent any more, and nothing runs again")
    func abandoned() {
        var machine = Self.running()
        guard case .withdraw(1) = machine.abandon() else {
            Issue.record("it is not withdrawn")
            return
        }
        check(machine.failed(.conflict, isRepeatable: true), .fail)
        var before = Machine(.call(retries: 2))
        guard case .nothing = before.abandon() else {
            Issue.record("there is nothing to withdraw")
            return
        }
        check(before.lookedUp(isFound: true), false)
    }

    @Test("a run that has ended ignores later events")
    func ended() {
        var machine = Self.running()
        machine.ended()
        check(Self.isOver(machine), true)
        guard case .nothing = machine.abandon() else {
            Issue.record("there is nothing to withdraw")
            return
        }
        check(machine.failed(.conflict, isRepeatable: true), .fail)
        machine.sent(2)
        check(Self.isOver(machine), true)
    }

    @Test("a result's function is looked up again, and nothing else is tried")
    func results() {
        var machine = Self.running(.result)
        check(machine.failed(.definition, isRepeatable: true), .lookUp)
        machine.sent(2)
        check(machine.failed(.definition, isRepeatable: true), .fail)
        for verdict in Verdict.allCases where !verdict.isDefinitionSuspected {
            var machine = Self.running(.result)
            check(machine.failed(verdict, isRepeatable: true), .fail, "\(verdict)")
        }
    }

    @Test("the attempts of a call, by verdict")
    func calls() {
        let tried: [Verdict: Machine.FailureAction] = [
            .conflict: .run, .right: .run, .encoding: .run, .definition: .lookUp, .notPrepared: .lookUp,
        ]
        for verdict in Verdict.allCases {
            var machine = Self.running()
            check(machine.failed(verdict, isRepeatable: true), tried[verdict] ?? .fail, "\(verdict)")
        }
    }
}

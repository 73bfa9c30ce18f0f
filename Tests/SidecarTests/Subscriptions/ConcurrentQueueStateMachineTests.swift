import Functions
import TestChecks
import Testing

@testable import Sidecar

@Suite("Which events of a subscription without order are sent")
struct ConcurrentQueueStateMachineTests {
    private static func machine(_ events: ClosedRange<Int>, retries: Int = 1) -> ConcurrentQueueStateMachine<Int> {
        var machine = ConcurrentQueueStateMachine<Int>(retries: retries, most: 2)
        for event in events { machine.append(event) }
        machine.resume()
        return machine
    }

    @Test("so many are under way, and the next follows each that has ended")
    func most() {
        var machine = Self.machine(1...3)
        guard let first = machine.next(), machine.next() != nil else {
            Issue.record("two may be under way")
            return
        }
        #expect(machine.next() == nil)
        guard case .done(1) = machine.answered(.committed, first) else {
            Issue.record("it has run")
            return
        }
        #expect(machine.next()?.event == 3)
        check(machine.isIdle, false)
    }

    @Test("a failed event waits for its delay, ahead of others, and is given up in the end")
    func retries() {
        var machine = Self.machine(1...2)
        guard let first = machine.next(),
            case .retry(let again, failures: 1) = machine.answered(.failed(.conflict), first)
        else {
            Issue.record("it is tried again")
            return
        }
        #expect(machine.next()?.event == 2)
        machine.sendAgain(again)
        guard let second = machine.next(), second.event == 1,
            case .bury(1, attempts: 2) = machine.answered(.failed(.connectionLost), second)
        else {
            Issue.record("it is not given up")
            return
        }
        machine.buried()
    }

    @Test("a held event is sent again however often, and nothing is sent meanwhile")
    func held() {
        var machine = Self.machine(1...2, retries: 0)
        for _ in 1...50 {
            guard let entry = machine.next(), case .hold = machine.answered(.failed(.resourcesLacking), entry) else {
                Issue.record("it is not held")
                return
            }
            #expect(machine.next() == nil)
            machine.resume()
        }
        #expect(machine.next()?.event == 1)
    }

    @Test("a changed definition is looked up once, and nothing is sent meanwhile")
    func definitions() {
        var machine = Self.machine(1...2)
        guard let first = machine.next(), case .lookUp = machine.answered(.failed(.definition), first) else {
            Issue.record("the function is not looked up")
            return
        }
        #expect(machine.next() == nil)
        machine.resume()
        guard let second = machine.next(), second.event == 1,
            case .bury(1, attempts: 1) = machine.answered(.failed(.definition), second)
        else {
            Issue.record("it is not given up")
            return
        }
    }

    @Test("an event whose statement another one may have taken away has not failed")
    func takenStatements() {
        var machine = Self.machine(1...21, retries: 0)
        guard let innocent = machine.next() else {
            Issue.record("nothing is sent")
            return
        }
        var sent = innocent
        for number in 2...21 {
            guard let other = machine.next(), other.event == number,
                case .done = machine.answered(.committed, other),
                case .waiting = machine.answered(.failed(.notPrepared), sent),
                let again = machine.next(), again.event == innocent.event
            else {
                Issue.record("it is not sent again at once")
                return
            }
            sent = again
        }
        for failures in 1...5 {
            guard case .retry(let entry, let number) = machine.answered(.failed(.notPrepared), sent) else {
                Issue.record("it is given up")
                return
            }
            check(number, failures)
            machine.sendAgain(entry)
            guard let again = machine.next() else {
                Issue.record("it is not sent again")
                return
            }
            sent = again
        }
        guard case .bury(1, attempts: 1) = machine.answered(.failed(.notPrepared), sent) else {
            Issue.record("it is prepared again without end")
            return
        }
    }

    @Test("while suspended nothing is sent or given up; new events can be dropped, earlier ones are kept")
    func suspension() {
        var machine = Self.machine(1...1)
        machine.isSuspended = true
        #expect(machine.next() == nil)
        #expect(machine.giveUpFirst()?.event == nil)
        machine.append(2)
        machine.append(3)
        #expect(machine.drop() == [2, 3])
        #expect(machine.drop() == [])
        machine.append(4)
        machine.isSuspended = false
        #expect(machine.drop() == [], "by now it is ours")
        #expect(machine.next()?.event == 1)
        #expect(machine.next()?.event == 4)
    }
}

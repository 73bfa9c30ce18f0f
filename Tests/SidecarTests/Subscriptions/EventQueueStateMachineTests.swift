import Functions
import NIOCore
import TestChecks
import Testing

@testable import Sidecar

@Suite("In which order events are sent")
struct EventQueueStateMachineTests {
    typealias Machine = EventQueueStateMachine<Int>
    private static let start = NIODeadline.uptimeNanoseconds(0)
    private static let fast = TimeAmount.microseconds(20)

    /// A server that keeps the rule: it runs an event if the session's number is the predecessor's.
    private struct Server {
        var number: Int64 = -1
        var committed: [Int] = []

        /// What it answers to one step; `fate` is that of the event if its turn has come.
        mutating func answer(_ step: Machine.Step, fate: (Int) -> EventAnswer) -> EventAnswer? {
            switch step {
            case .setNumber(let number):
                self.number = number
                return .committed
            case .send(let event, let predecessor, let own):
                guard self.number == predecessor else { return .refused }
                let answer = fate(event)
                guard case .committed = answer else { return answer }
                self.number = own
                self.committed.append(event)
                return answer
            case .nothing, .lease, .release:
                return nil
            }
        }
    }

    /// A machine with events, whose connection is there.
    private static func machine(_ events: ClosedRange<Int>, retries: Int = 3) -> Machine {
        var machine = Machine(retries: retries, isHeld: false)
        for event in events { machine.append(event) }
        guard case .lease = machine.next(othersWait: false, at: Self.start) else {
            Issue.record("no connection is asked for")
            return machine
        }
        machine.granted(at: Self.start)
        return machine
    }

    /// All that can be sent now.
    private static func steps(_ machine: inout Machine, othersWait: Bool = false, at now: NIODeadline = start)
        -> [Machine.Step]
    {
        var steps: [Machine.Step] = []
        while true {
            let step = machine.next(othersWait: othersWait, at: now)
            if case .nothing = step { return steps }
            if case .lease = step { machine.granted(at: now) }
            steps.append(step)
            if case .release = step { return steps }
        }
    }

    /// Sends and answers until nothing is left; returns what the server ran, and what was given up.
    private static func run(
        _ machine: inout Machine, losing: (Int) -> Bool = { _ in false }, fate: (Int) -> EventAnswer
    ) -> (committed: [Int], buried: [Int], rounds: Int) {
        var server = Server()
        var buried: [Int] = []
        var rounds = 0
        while !machine.isIdle, rounds < 10_000 {
            rounds += 1
            let sent = self.steps(&machine)
            if losing(rounds) {
                for step in sent {
                    // The first half has run and is not answered, the second half has not.
                    _ = server.answer(step, fate: fate)
                    if case .bury(let event, _) = machine.answered(.failed(.connectionLost), ran: .zero) {
                        buried.append(event)
                    }
                }
                machine.leaseLost()
                server.number = -1
                machine.resume()
                continue
            }
            for step in sent {
                guard let answer = server.answer(step, fate: fate) else { continue }
                switch machine.answered(answer, ran: self.fast) {
                case .bury(let event, _):
                    buried.append(event)
                    machine.buried()
                case .none, .done, .retry, .hold, .lookUp, .broken:
                    break
                }
            }
            machine.resume()
        }
        return (server.committed, buried, rounds)
    }

    @Test("events are sent in their order, each behind its predecessor")
    func inOrder() {
        var machine = Self.machine(1...3)
        let steps = Self.steps(&machine)
        #expect(steps.count == 4)
        guard steps.count == 4, case .setNumber(0) = steps[0], case .send(1, predecessor: 0, number: 1) = steps[1],
            case .send(2, predecessor: 1, number: 2) = steps[2], case .send(3, predecessor: 2, number: 3) = steps[3]
        else {
            Issue.record("\(steps)")
            return
        }
        for expected in 0...3 {
            switch machine.answered(.committed, ran: Self.fast) {
            case .done(let event): check(event, expected)
            case .none: check(expected, 0, "the number")
            default: Issue.record("it has run")
            }
        }
        check(machine.isIdle, true)
        check(machine.isLeaseUnused, true)
    }

    @Test("a retried event goes ahead of later ones, however often")
    func orderUnderRetries() {
        var machine = Self.machine(1...500)
        var failures: [Int: Int] = [:]
        let result = Self.run(&machine) { event in
            guard event % 7 == 0, failures[event, default: 0] < 3 else { return .committed }
            failures[event, default: 0] += 1
            return .failed(.conflict)
        }
        #expect(result.committed == Array(1...500))
        #expect(result.buried.isEmpty)
    }

    @Test("an event that fails for good, or too often, is passed over")
    func passedOver() {
        var machine = Self.machine(1...100, retries: 2)
        var attempts: [Int: Int] = [:]
        let result = Self.run(&machine) { event in
            attempts[event, default: 0] += 1
            if event % 10 == 0 { return .failed(.own) }
            return event % 10 == 5 ? .failed(.conflict) : .committed
        }
        #expect(result.committed == (1...100).filter { $0 % 5 != 0 })
        #expect(result.buried == (1...100).filter { $0 % 5 == 0 })
        check(attempts[50], 1)
        check(attempts[55], 3, "two retries")
    }

    @Test("a lost connection in the middle: only what was running counts as failed, and the order holds")
    func losses() {
        var machine = Self.machine(1...2000, retries: 3)
        let result = Self.run(&machine, losing: { $0 % 3 == 0 }) { _ in .committed }
        var once: [Int] = []
        for event in result.committed where !once.contains(event) { once.append(event) }
        #expect(once == Array(1...2000))
        #expect(result.buried.isEmpty)
    }

    @Test("an event that kills its connection each time is given up")
    func poison() {
        var machine = Self.machine(1...3, retries: 2)
        for attempt in 1...3 {
            let sent = Self.steps(&machine)
            // The number and the first event; the rest is not reported.
            _ = machine.answered(.committed, ran: .zero)
            switch machine.answered(.failed(.connectionLost), ran: .zero) {
            case .retry(let failures): check(failures, attempt)
            case .bury(let event, let attempts):
                check(event, 1)
                check(attempts, 3)
                check(attempt, 3)
            default: Issue.record("\(sent)")
            }
            for _ in 2...3 { _ = machine.answered(.failed(.connectionLost), ran: .zero) }
            machine.leaseLost()
            machine.resume()
        }
        let sent = Self.steps(&machine).compactMap { if case .send(let event, _, _) = $0 { event } else { nil } }
        #expect(sent == [2, 3])
    }

    @Test("an event that could not be sent any more is sent again, and has not failed")
    func brokenWhileSending() {
        var machine = Self.machine(1...2, retries: 0)
        _ = Self.steps(&machine)
        machine.leaseLost()
        let sent = Self.steps(&machine).compactMap { if case .send(let event, _, _) = $0 { event } else { nil } }
        #expect(sent == [1, 2])
    }

    @Test("a function that spoils the session's number delays others only briefly, and has limited attempts")
    func spoiledNumber() {
        var machine = Self.machine(1...20)
        var server = Server()
        var rounds = 0
        while !machine.isIdle, rounds < 1000 {
            rounds += 1
            for step in Self.steps(&machine) {
                guard let answer = server.answer(step, fate: { _ in .committed }) else { continue }
                if case .send = step, case .committed = answer { server.number = 4711 }
                _ = machine.answered(answer, ran: Self.fast)
            }
            machine.resume()
        }
        #expect(server.committed == Array(1...20))

        // A session in which the number can't be set.
        var lost = Self.machine(1...1, retries: 1)
        var isBuried = false
        for _ in 1...2 {
            _ = Self.steps(&lost)
            _ = lost.answered(.committed, ran: .zero)
            if case .bury = lost.answered(.refused, ran: .zero) { isBuried = true }
            lost.resume()
        }
        check(isBuried, true)
    }

    @Test("a changed definition is looked up once, and then the event is the next again")
    func definitions() {
        var machine = Self.machine(1...3)
        _ = Self.steps(&machine)
        _ = machine.answered(.committed, ran: .zero)
        guard case .lookUp = machine.answered(.failed(.definition), ran: .zero) else {
            Issue.record("the function is not looked up")
            return
        }
        for _ in 2...3 { _ = machine.answered(.refused, ran: .zero) }
        guard case .release? = Self.steps(&machine).first else {
            Issue.record("the connection is not given back meanwhile")
            return
        }
        machine.resume()
        _ = Self.steps(&machine)
        _ = machine.answered(.committed, ran: .zero)
        guard case .bury(1, attempts: 1) = machine.answered(.failed(.definition), ran: .zero) else {
            Issue.record("it is not given up")
            return
        }
    }

    @Test("an event that takes its session's statements away harms none behind it")
    func takenStatements() {
        var machine = Self.machine(1...60, retries: 0)
        var server = Server()
        var rounds = 0
        while !machine.isIdle, rounds < 1000 {
            rounds += 1
            var isPrepared = true
            for step in Self.steps(&machine) {
                guard let answer = isPrepared ? server.answer(step, fate: { _ in .committed }) : .failed(.notPrepared)
                else { continue }
                switch machine.answered(answer, ran: Self.fast) {
                case .none: break
                case .done(let event): if event % 3 == 0 { isPrepared = false }
                default: Issue.record("an event has failed")
                }
            }
            // The session has ended with what was under way.
            if !isPrepared { machine.leaseLost() }
        }
        #expect(server.committed == Array(1...60))
    }

    @Test("the first event of a session whose statement is missing is prepared again a few times, and then given up")
    func missingStatement() {
        var machine = Self.machine(1...1, retries: 0)
        for failures in 1...6 {
            _ = Self.steps(&machine)
            _ = machine.answered(.committed, ran: .zero)
            switch machine.answered(.failed(.notPrepared), ran: .zero) {
            case .retry(failures): check(failures <= 5, true)
            case .bury(1, attempts: 1): check(failures, 6)
            default: Issue.record("it is not sent again")
            }
            machine.leaseLost()
            machine.resume()
        }
    }

    @Test("a session that someone else has taken the statements from is not used, and no event is to blame")
    func missingNumber() {
        var machine = Self.machine(1...2, retries: 0)
        _ = Self.steps(&machine)
        for answer in [EventAnswer.failed(.notPrepared), .failed(.notPrepared), .refused] {
            guard case .none = machine.answered(answer, ran: .zero) else {
                Issue.record("something has failed")
                return
            }
        }
        machine.leaseLost()
        let sent = Self.steps(&machine).compactMap { if case .send(let event, _, _) = $0 { event } else { nil } }
        #expect(sent == [1, 2])
        guard case .broken = machine.answered(.failed(.notPrepared), ran: .zero) else {
            Issue.record("it is tried in one session after the other")
            return
        }
    }

    @Test("a held event is sent again however often, in its order, and does not count as failed")
    func held() {
        var machine = Self.machine(1...3, retries: 0)
        for _ in 1...50 {
            _ = Self.steps(&machine)
            _ = machine.answered(.committed, ran: .zero)
            guard case .hold = machine.answered(.failed(.resourcesLacking), ran: .zero) else {
                Issue.record("it is not held")
                return
            }
            for _ in 2...3 { _ = machine.answered(.refused, ran: .zero) }
            guard case .release? = Self.steps(&machine).first else {
                Issue.record("something is sent, or the connection is kept, while it is held")
                return
            }
            machine.resume()
            guard case .lease = machine.next(othersWait: false, at: Self.start) else {
                Issue.record("no connection is asked for")
                return
            }
            machine.granted(at: Self.start)
        }
        let sent = Self.steps(&machine).compactMap { if case .send(let event, _, _) = $0 { event } else { nil } }
        #expect(sent.first == 1)
    }

    @Test("a function that can't be called is nobody's fault: the first event may have it looked up again and again")
    func heldForTheFunction() {
        var machine = Self.machine(1...1)
        for _ in 1...3 {
            _ = Self.steps(&machine)
            _ = machine.answered(.committed, ran: .zero)
            guard case .lookUp = machine.answered(.failed(.definition), ran: .zero) else {
                Issue.record("it is given up")
                return
            }
            machine.hold()
            _ = Self.steps(&machine)
            machine.resume()
            _ = machine.next(othersWait: false, at: Self.start)
            machine.granted(at: Self.start)
        }
    }

    @Test("an event that does not fit causes one look-up, and is then given up; later ones continue")
    func bindingFaults() {
        var machine = Self.machine(1...2)
        guard case .setNumber = machine.next(othersWait: false, at: Self.start),
            case .send(1, _, _) = machine.next(othersWait: false, at: Self.start)
        else {
            Issue.record("nothing is sent")
            return
        }
        guard case .lookUp = machine.lastDoesNotFit() else {
            Issue.record("the function is not looked up")
            return
        }
        machine.resume()
        guard case .send(1, predecessor: 0, number: 1) = machine.next(othersWait: false, at: Self.start),
            case .bury(1, attempts: 1) = machine.lastDoesNotFit(),
            case .send(2, predecessor: 0, number: 1) = machine.next(othersWait: false, at: Self.start)
        else {
            Issue.record("the next one is not sent in its place")
            return
        }
    }

    @Test("without a function the first one is given up, not those under way")
    func givingUp() {
        var machine = Machine(retries: 3, isHeld: true)
        machine.append(1)
        machine.append(2)
        #expect(Self.steps(&machine).isEmpty)
        let first = machine.giveUpFirst()
        #expect(first?.event == 1 && first?.attempts == 1)
        machine.buried()
        machine.resume()
        _ = Self.steps(&machine)
        #expect(machine.giveUpFirst() == nil)
    }

    @Test("the connection is returned for others after a while, when all is answered, and requested again")
    func fairness() {
        var machine = Self.machine(1...5000)
        var server = Server()
        var sent = 0
        var releases = 0
        while !machine.isIdle, releases < 100 {
            for step in Self.steps(&machine, othersWait: true) {
                if case .release = step { releases += 1 }
                if case .send = step { sent += 1 }
                guard let answer = server.answer(step, fate: { _ in .committed }) else { continue }
                _ = machine.answered(answer, ran: Self.fast)
            }
        }
        #expect(server.committed == Array(1...5000))
        check(releases, 4)
        check(sent, 5000)

        var slow = Self.machine(1...3)
        _ = Self.steps(&slow)
        for _ in 0...1 { _ = slow.answered(.committed, ran: .milliseconds(90)) }
        let later = Self.start + .milliseconds(180)
        #expect(Self.steps(&slow, othersWait: true, at: later).isEmpty, "what is under way ends first")
    }

    @Test("slow functions are not pipelined deep, fast ones are")
    func depth() {
        var machine = Self.machine(1...1000)
        #expect(Self.steps(&machine).count <= 4)
        var server = Server()
        var deepest = 0
        for _ in 1...50 {
            let sent = Self.steps(&machine)
            deepest = max(deepest, sent.count)
            _ = machine.answered(.committed, ran: Self.fast)
            while case .done = machine.answered(.committed, ran: Self.fast) {}
        }
        _ = server.answer(.nothing, fate: { _ in .committed })
        #expect(deepest > 100 && deepest <= Machine.greatestDepth)
    }

    @Test("an unused connection is returned, and one in use is not")
    func unused() {
        var machine = Self.machine(1...1)
        check(machine.leaveIfUnused(), false)
        _ = Self.steps(&machine)
        for _ in 0...1 { _ = machine.answered(.committed, ran: Self.fast) }
        check(machine.leaveIfUnused(), true)
        machine.append(2)
        guard case .lease = machine.next(othersWait: false, at: Self.start) else {
            Issue.record("it is asked for again")
            return
        }
    }

    @Test("at the end the waiting events are handed out, in their order")
    func stopping() {
        var machine = Machine(retries: 3, isHeld: true)
        for event in 1...3 { machine.append(event) }
        #expect(machine.stop() == [1, 2, 3])
        machine.resume()
        #expect(Self.steps(&machine).isEmpty)
        check(machine.isIdle, true)
    }

    @Test("while suspended nothing is sent or given up; new events can be dropped, earlier ones are kept")
    func suspension() {
        var machine = Self.machine(1...1)
        machine.isSuspended = true
        let steps = Self.steps(&machine)
        guard steps.count == 1, case .release? = steps.first else {
            Issue.record("the connection is given back")
            return
        }
        #expect(machine.giveUpFirst()?.event == nil)
        machine.append(2)
        machine.append(3)
        #expect(machine.drop() == [2, 3])
        #expect(machine.drop() == [])
        machine.append(4)
        machine.isSuspended = false
        #expect(machine.drop() == [], "by now it is ours")
        #expect(Self.run(&machine) { _ in .committed }.committed == [1, 4])
    }
}

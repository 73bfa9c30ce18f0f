import Names
import Testing

@testable import Sidecar

@Suite("Readiness")
struct ReadinessStateMachineTests {
    private static func ready() -> ReadinessStateMachine {
        var machine = ReadinessStateMachine(listens: true)
        machine.joined(true)
        machine.databaseIsAvailable(true)
        machine.listening(true)
        machine.leadership(isKnown: true)
        machine.routes(areSettled: true, complaints: ComplaintSummary())
        return machine
    }

    @Test("nothing is said before it is ready for the first time, and then only changes are")
    func start() {
        var machine = ReadinessStateMachine(listens: false)
        check(machine.change(), nil)
        machine.joined(true)
        check(machine.change(), nil)
        machine.databaseIsAvailable(true)
        machine.routes(areSettled: true, complaints: ComplaintSummary())
        check(machine.change(), nil)
        machine.leadership(isKnown: true)
        check(machine.change(), .ready)
        check(machine.change(), nil)
        machine.leadership(isKnown: false)
        check(machine.change(), .notReady(["it is not known which sidecar leads"]))
    }

    @Test("a port that the file opens has to listen")
    func port() {
        var machine = ReadinessStateMachine(listens: false, hasPort: true)
        machine.joined(true)
        machine.databaseIsAvailable(true)
        machine.leadership(isKnown: true)
        machine.routes(areSettled: true, complaints: ComplaintSummary())
        check(machine.change(), nil)
        machine.portListens(true)
        check(machine.change(), .ready)
        machine.portListens(false)
        check(machine.change(), .notReady(["not listening for calls from SQL"]))
        // What the database says of the way to it is waited for, and that is told as the same; once work flows it is not waited for.
        machine.portListens(true)
        machine.portIsAnswered(false)
        check(machine.change(), nil)
        machine.portIsAnswered(true)
        check(machine.change(), .ready)
        machine.portIsAnswered(false)
        check(machine.change(), nil)
        // Nobody waits for what is being done; what was tried in vain is told.
        var vain = ReadinessStateMachine(listens: false, hasPort: true)
        vain.portListens(false)
        check(vain.change(), nil)
        vain.joined(true)
        vain.databaseIsAvailable(true)
        vain.leadership(isKnown: true)
        vain.routes(areSettled: true, complaints: ComplaintSummary())
        check(vain.change(), .notReady(["not listening for calls from SQL"]))
    }

    @Test("what is missing is named, all of it")
    func needs() {
        var machine = Self.ready()
        check(machine.change(), .ready)
        machine.databaseIsAvailable(false)
        machine.listening(false)
        check(machine.change(), .notReady(["no connection to the database", "not listening for notifications"]))
        machine.joined(false)
        machine.routes(areSettled: false, complaints: ComplaintSummary())
        check(
            machine.change(),
            .notReady([
                "no session with the router", "no connection to the database", "not listening for notifications",
            ]))
    }

    @Test("faults are named in a steady order, and each once as long as others come and go")
    func faults() {
        func complaint(_ name: String, _ reason: String = "gone") -> Complaint { Complaint(name: name, reason: reason) }
        let (a, b, c) = (complaint("a"), complaint("b"), complaint("c"))
        var machine = Self.ready()
        machine.routes(areSettled: true, complaints: ComplaintSummary(named: [b, a]))
        check(machine.hasOtherFaults, false)
        check(machine.change(), .readyWithFaults(ComplaintSummary(named: [a, b]), news: [a, b]))
        machine.routes(areSettled: true, complaints: ComplaintSummary(named: [a, b]))
        check(machine.hasOtherFaults, false)
        check(machine.change(), nil)
        machine.routes(areSettled: true, complaints: ComplaintSummary(named: [c, a], others: 7))
        check(machine.hasOtherFaults, true)
        check(machine.change(), .readyWithFaults(ComplaintSummary(named: [a, c], others: 7), news: [c]))
        machine.routes(areSettled: true, complaints: ComplaintSummary(named: [complaint("a", "locked")]))
        check(
            machine.change(),
            .readyWithFaults(ComplaintSummary(named: [complaint("a", "locked")]), news: [complaint("a", "locked")]))
        machine.routes(areSettled: true, complaints: ComplaintSummary())
        check(machine.change(), .ready)
        machine.routes(areSettled: true, complaints: ComplaintSummary(named: [a]))
        check(machine.change(), .readyWithFaults(ComplaintSummary(named: [a]), news: [a]))
        machine.routes(areSettled: false, complaints: ComplaintSummary())
        check(machine.hasOtherFaults, false)
    }

    @Test("of thousands some are named")
    func thousands() {
        var machine = Self.ready()
        let all = (1000..<4000).map { Complaint(name: "\($0)", reason: "gone") }
        machine.routes(areSettled: true, complaints: ComplaintSummary(named: all))
        let named = Array(all.prefix(20))
        check(machine.change(), .readyWithFaults(ComplaintSummary(named: named, others: 2980), news: named))
        machine.routes(areSettled: true, complaints: ComplaintSummary(named: all, others: 1))
        check(machine.change(), .readyWithFaults(ComplaintSummary(named: named, others: 2981), news: []))
    }

    @Test("nothing is said while stopping")
    func stopping() {
        var machine = Self.ready()
        _ = machine.change()
        machine.stopping()
        machine.joined(false)
        check(machine.change(), nil)
    }
}

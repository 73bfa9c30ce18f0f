import Names
import TestChecks
import Testing

@testable import Sidecar

@Suite("Readiness")
struct ReadinessStateMachineTests {
    private typealias Facts = ReadinessStateMachine.Facts

    private static func complaint(_ name: String, _ reason: String = "gone") -> Complaint {
        Complaint(name: name, reason: reason)
    }

    /// All is well, but for what `change` changes.
    private static func facts(_ change: (inout Facts) -> Void = { _ in }) -> Facts {
        var facts = Facts(
            isJoined: true, isDatabaseAvailable: true, isListening: true, port: .notWanted, isLeadershipKnown: true,
            isSettled: true, complaints: ComplaintSummary())
        change(&facts)
        return facts
    }

    private static func faults(_ named: [Complaint], others: Int = 0) -> Facts {
        self.facts { $0.complaints = ComplaintSummary(named: named, others: others) }
    }

    @Test("nothing is reported before it is ready for the first time, and then only changes are")
    func start() {
        var machine = ReadinessStateMachine()
        check(machine.report(Self.facts { $0.isJoined = false }), nil)
        check(machine.report(Self.facts { $0.isLeadershipKnown = false }), nil)
        check(machine.report(Self.facts()), .ready)
        check(machine.report(Self.facts()), nil)
        check(
            machine.report(Self.facts { $0.isLeadershipKnown = false }),
            .notReady(["the leading sidecar is not known"]))
        check(machine.report(Self.facts { $0.isLeadershipKnown = false }), nil)
    }

    @Test("a port that the file opens has to listen")
    func port() {
        var machine = ReadinessStateMachine()
        check(machine.report(Self.facts { $0.port = .notTried }), nil)
        check(machine.report(Self.facts { $0.port = .listens(isAnswered: true) }), .ready)
        check(
            machine.report(Self.facts { $0.port = .triedInVain }), .notReady(["not listening for calls from SQL"]))
        // The report stays the same until the database has answered; once work flows its answer is not waited for.
        check(machine.report(Self.facts { $0.port = .listens(isAnswered: false) }), nil)
        check(machine.report(Self.facts { $0.port = .listens(isAnswered: true) }), .ready)
        check(machine.report(Self.facts { $0.port = .listens(isAnswered: false) }), nil)
    }

    @Test("at the start only a port that failed to open is reported, and only if nothing else is missing")
    func vain() {
        var machine = ReadinessStateMachine()
        check(
            machine.report(
                Self.facts {
                    $0.port = .triedInVain
                    $0.isJoined = false
                }), nil)
        check(
            machine.report(Self.facts { $0.port = .triedInVain }), .notReady(["not listening for calls from SQL"]))
    }

    @Test("everything missing is named")
    func needs() {
        var machine = ReadinessStateMachine()
        check(machine.report(Self.facts()), .ready)
        check(
            machine.report(
                Self.facts {
                    $0.isDatabaseAvailable = false
                    $0.isListening = false
                    // Without a database the sidecar can't ask who leads.
                    $0.isLeadershipKnown = false
                }), .notReady(["no connection to the database", "not listening for notifications"]))
        check(
            machine.report(
                Self.facts {
                    $0.isJoined = false
                    $0.isDatabaseAvailable = false
                    $0.isListening = false
                    // Without a router nothing can be registered.
                    $0.isSettled = false
                }),
            .notReady([
                "no session with the router", "no connection to the database", "not listening for notifications",
            ]))
        check(
            machine.report(Self.facts { $0.isSettled = false }),
            .notReady(["procedures are being registered, or topics subscribed to"]))
    }

    @Test("work that does not move, and a loop that was late, are red")
    func movement() {
        var machine = ReadinessStateMachine()
        check(machine.report(Self.facts()), .ready)
        check(
            machine.report(Self.facts { $0.isStuck = true }),
            .notReady(["events wait in the outbox, and none of them leaves it"]))
        check(
            machine.report(Self.facts { $0.isLate = true }),
            .notReady(["the event loop was late by more than a second"]))
        check(machine.report(Self.facts()), .ready)
    }

    @Test("who asks gets an answer, reported or not, and hears that the process stops")
    func answers() {
        var machine = ReadinessStateMachine()
        check(machine.answer(Self.facts { $0.isJoined = false }), .notReady([.router]))
        check(machine.answer(Self.facts()), .ready)
        machine.stop(.renewal)
        check(machine.answer(Self.facts()), .notReady([.renewal]))
        machine.stop(.stopping)
        check(machine.answer(Self.facts()), .notReady([.stopping]))
    }

    @Test("faults are named in a steady order, and each once as long as others come and go")
    func faults() {
        let (a, b, c) = (Self.complaint("a"), Self.complaint("b"), Self.complaint("c"))
        let locked = Self.complaint("a", "locked")
        var machine = ReadinessStateMachine()
        check(machine.hasOtherFaults(Self.faults([b, a])), false)
        check(
            machine.report(Self.faults([b, a])), .readyWithFaults(ComplaintSummary(named: [a, b]), news: [a, b]))
        check(machine.hasOtherFaults(Self.faults([a, b])), false)
        check(machine.report(Self.faults([a, b])), nil)
        check(machine.hasOtherFaults(Self.faults([c, a], others: 7)), true)
        check(
            machine.report(Self.faults([c, a], others: 7)),
            .readyWithFaults(ComplaintSummary(named: [a, c], others: 7), news: [c]))
        check(
            machine.report(Self.faults([locked])), .readyWithFaults(ComplaintSummary(named: [locked]), news: [locked]))
        check(machine.report(Self.facts()), .ready)
        check(machine.report(Self.faults([a])), .readyWithFaults(ComplaintSummary(named: [a]), news: [a]))
        check(machine.hasOtherFaults(Self.facts { $0.isSettled = false }), false)
    }

    @Test("of thousands some are named")
    func thousands() {
        let all = (1000..<4000).map { Self.complaint("\($0)") }
        let named = Array(all.prefix(ReadinessStateMachine.mostNamed))
        var machine = ReadinessStateMachine()
        check(
            machine.report(Self.faults(all)),
            .readyWithFaults(ComplaintSummary(named: named, others: 2980), news: named))
        check(
            machine.report(Self.faults(all, others: 1)),
            .readyWithFaults(ComplaintSummary(named: named, others: 2981), news: []))
    }

    @Test("one line says how things stand, also before anything was reported")
    func line() {
        let machine = ReadinessStateMachine()
        check(machine.line(Self.facts(), isStandby: false), "ready")
        check(machine.line(Self.facts(), isStandby: true), "standby")
        check(machine.line(Self.faults([Self.complaint("a")]), isStandby: true), "ready with faults")
        check(
            machine.line(
                Self.facts {
                    $0.isJoined = false
                    $0.isDatabaseAvailable = false
                }, isStandby: false), "no session with the router")
    }

    @Test("nothing is reported while the process stops")
    func stop() {
        var machine = ReadinessStateMachine()
        check(machine.report(Self.facts()), .ready)
        machine.stop(.stopping)
        check(machine.report(Self.facts { $0.isJoined = false }), nil)
        check(machine.hasOtherFaults(Self.faults([Self.complaint("a")])), false)
    }
}

import TestChecks
import Testing

@testable import Postgres

@Suite("Whether work is run again")
struct AttemptsTests {
    private static let error = DatabaseError(sqlstate: "57014", message: "canceling statement due to user request")

    private static func canceled(
        isInterrupted: Bool = false, isOutOfTime: Bool = false, mayBeRepeated: Bool = true
    ) -> Attempts.Canceled {
        Attempts.Canceled(
            isInterrupted: isInterrupted, isOutOfTime: isOutOfTime, mayBeRepeated: mayBeRepeated, error: Self.error)
    }

    @Test("work that has not run is sent again, from the second time on to a session put in order, not endlessly")
    func gates() {
        var attempts = Attempts()
        for attempt in 1...Attempts.mostShutGates {
            check(attempts.didNotRun(isInterrupted: false), .runAgain(inOrder: attempt > 1), "attempt \(attempt)")
        }
        check(attempts.didNotRun(isInterrupted: false), .end(.refused(.noCleanSession)))
        var wanted = Attempts()
        check(wanted.didNotRun(isInterrupted: true), .end(.canceled), "nobody wants it any more")
    }

    @Test("a signal that was meant for other work does not end it, but not endlessly")
    func strays() {
        var attempts = Attempts()
        for attempt in 1...Attempts.mostRepetitions {
            check(attempts.wasCanceled(Self.canceled()), .runAgain(inOrder: attempt > 1), "attempt \(attempt)")
        }
        check(attempts.wasCanceled(Self.canceled()), .end(.failed(Self.error)))
    }

    @Test(
        "why the server canceled it decides how it ended, in this order",
        arguments: [
            (true, true, true, WorkOutcome.canceled), (true, false, false, .canceled),
            (false, true, true, .timedOut), (false, true, false, .timedOut), (false, false, false, .failed(error)),
        ])
    func reasons(isInterrupted: Bool, isOutOfTime: Bool, mayBeRepeated: Bool, outcome: WorkOutcome) {
        var attempts = Attempts()
        let canceled = Self.canceled(
            isInterrupted: isInterrupted, isOutOfTime: isOutOfTime, mayBeRepeated: mayBeRepeated)
        check(attempts.wasCanceled(canceled), .end(outcome))
    }

    @Test("either is counted by itself")
    func both() {
        var attempts = Attempts()
        check(attempts.didNotRun(isInterrupted: false), .runAgain(inOrder: false))
        check(attempts.wasCanceled(Self.canceled()), .runAgain(inOrder: false))
    }
}

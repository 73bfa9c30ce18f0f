import TestChecks
import Testing

@testable import Functions

@Suite("The next attempt")
struct AttemptsTests {
    @Test("an event runs again so often, and its dead letter has the number of attempts")
    func repetitions() {
        var attempts = Attempts()
        check(attempts.next(after: .conflict, .event(retries: 2)), .again(failures: 1))
        check(attempts.next(after: .connectionLost, .event(retries: 2)), .again(failures: 2))
        check(attempts.count, 3)
        check(attempts.next(after: .canceled, .event(retries: 2)), .giveUp(attempts: 3))
        var fault = Attempts()
        check(fault.next(after: .own, .event(retries: 2)), .giveUp(attempts: 1))
    }

    @Test("waiting for the server costs no attempt")
    func patience() {
        var attempts = Attempts()
        for verdict in [Verdict.startingUp, .readOnly, .diskFailing, .resourcesLacking] {
            for _ in 1...20 { check(attempts.next(after: verdict, .event(retries: 0)), .wait) }
        }
        check(attempts.count, 1)
    }

    @Test("nor does a look-up, of which there is one until it is forgotten")
    func looks() {
        var attempts = Attempts()
        for verdict in [Verdict.definition, .right, .setting] {
            check(attempts.next(after: verdict, .event(retries: 5)), .lookUp)
            check(attempts.next(after: verdict, .event(retries: 5)), .giveUp(attempts: 1))
            attempts.forgetLook()
        }
    }

    @Test("nor does a missing statement, but it is not prepared again without end")
    func preparations() {
        var attempts = Attempts()
        for number in 1...5 {
            check(attempts.next(after: .notPrepared, .event(retries: 0)), .again(failures: number))
        }
        check(attempts.next(after: .notPrepared, .event(retries: 0)), .giveUp(attempts: 1))
    }

    @Test("a clean session is requested once, and only for calls")
    func cleanSessions() {
        var attempts = Attempts()
        check(attempts.next(after: .encoding, .call(retries: 0)), .again(failures: 0))
        check(attempts.needsCleanSession, true)
        check(attempts.next(after: .right, .call(retries: 0)), .giveUp(attempts: 1))
        var event = Attempts()
        check(event.next(after: .encoding, .event(retries: 1)), .giveUp(attempts: 1))
        check(event.needsCleanSession, false)
    }
}

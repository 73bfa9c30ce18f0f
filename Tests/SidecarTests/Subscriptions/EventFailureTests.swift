import Functions
import Postgres
import Testing

@testable import Sidecar

@Suite("Why an event did not run")
struct EventFailureTests {
    @Test("what the guard of ordered events raises is no missing type")
    func guarded() {
        let message = "unrecognized configuration parameter \"wamp.event_out_of_order\""
        let refused = DatabaseError(sqlstate: "42704", message: message)
        #expect(EventFailure.answer(refused, plan: nil) == .refused)
        let raised = DatabaseError(
            sqlstate: "42704", message: message, context: "PL/pgSQL function s.f(integer) line 3 at RETURN")
        guard case .failed = EventFailure.answer(raised, plan: nil) else {
            Issue.record("a function's own error is taken for the guard's")
            return
        }
    }

    @Test(
        "a dead letter is written again where the reason passes",
        arguments: ["08006", "40001", "57014", "57P01", "57P03", "53100", "55P03", "25006", "25P02"])
    func passing(_ sqlstate: String) {
        #expect(EventLetters.passing.contains(Verdict(sqlstate: sqlstate)))
    }

    @Test(
        "and not where the dead letter itself is at fault",
        arguments: ["58030", "26000", "42501", "22021", "23514", "P0001"])
    func lasting(_ sqlstate: String) {
        #expect(!EventLetters.passing.contains(Verdict(sqlstate: sqlstate)))
    }
}

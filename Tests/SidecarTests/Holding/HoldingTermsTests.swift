import NIOCore
import Names
import TestChecks
import Testing
import WAMP

@testable import Sidecar
@testable import WAMPClient

@Suite("When something is requested again")
struct HoldingDelaysTests {
    /// The delay after a number of failures, with the least and the greatest random number.
    private func range(_ delays: HoldingDelays, _ failures: Int, _ refusal: HoldingRefusal) -> [TimeAmount] {
        [0, 1].map { delays.delay(after: failures, refusal, random: $0) }
    }

    @Test("procedures: another session's every half to two seconds, refused ones ever more slowly")
    func procedures() {
        let delays = ProcedureRoute.terms.delays
        check(delays.weight(of: .taken), 1)
        check(delays.weight(of: .refused), 6)
        check(self.range(delays, 1, .taken), [.milliseconds(500), .milliseconds(500)])
        check(self.range(delays, 2, .taken), [.milliseconds(500), .seconds(1)])
        check(self.range(delays, 100, .taken), [.milliseconds(500), .seconds(2)])
        check(self.range(delays, 100, .lost), [.milliseconds(500), .seconds(2)])
        check(self.range(delays, 6, .refused), [.milliseconds(500), .seconds(16)])
        check(self.range(delays, 12, .unanswered), [.milliseconds(500), .seconds(32)])
    }

    @Test("subscriptions: slowly")
    func subscriptions() {
        let delays = Subscriptions.Entry.terms.delays
        check(delays.weight(of: .refused), 1)
        check(self.range(delays, 1, .refused), [.seconds(1), .seconds(8)])
        check(self.range(delays, 2, .unanswered), [.seconds(1), .seconds(16)])
        check(self.range(delays, 9, .refused), [.seconds(1), .seconds(32)])
    }
}

@Suite("The meaning of a refusal")
struct HoldingRefusalTests {
    @Test("only one error means another session's holding")
    func kinds() {
        let taken = WAMPError.procedureAlreadyExists.text
        for (error, takenError, refusal) in [
            (RequestError(.refused, uri: taken, message: ""), taken, .taken),
            (RequestError(.refused, uri: taken, message: ""), nil, .refused),
            (RequestError(.refused, uri: WAMPError.notAuthorized.text, message: ""), taken, .refused),
            (RequestError(.answerLost, uri: taken, message: ""), taken, .lost),
            (.timeout, taken, .unanswered), (.noSession, taken, .refused), (.canceled, taken, .refused),
            (.notHeld, taken, .refused), (.tooLarge(size: 2, limit: 1), taken, .refused),
        ] as [(RequestError, String?, HoldingRefusal)] {
            check(HoldingRefusal(error, takenError: takenError), refusal, "\(error.code)")
        }
    }
}

import Functions
import NIOCore
import Postgres

/// Why an event did not run, for its dead letter.
struct EventFailure {
    /// A SQLSTATE, or a WAMP error URI.
    let error: String
    /// For people.
    let message: String

    /// The consequence of an outcome for the event, and the reason, if it did not run.
    ///
    /// - Parameter role: the role that ran it.
    static func answer(
        _ outcome: WorkOutcome, plan: ProcedurePlan?, timeout: TimeAmount, role: RunningRole
    ) -> (answer: EventAnswer, failure: EventFailure?) {
        switch outcome {
        case .committed:
            return (.committed, nil)
        case .failed(let error):
            return (self.answer(error, plan: plan), EventFailure(error: error.sqlstate, message: role.message(error)))
        case .timedOut:
            let milliseconds = timeout.nanoseconds / 1_000_000
            return (.failed(.own), EventFailure(error: "57014", message: "it took longer than \(milliseconds) ms"))
        case .unknown(let reason):
            return (
                .failed(.connectionLost), EventFailure(error: "08006", message: "the outcome is unknown: \(reason)")
            )
        case .refused(.queueIsFull):
            return (
                .failed(.resourcesLacking),
                EventFailure(error: "53300", message: "too many runs wait for a connection to the database")
            )
        case .canceled, .refused:
            return (.failed(.connectionLost), EventFailure(error: "08003", message: "it was not sent"))
        }
    }

    /// The consequence of a server's error for the event.
    static func answer(_ error: DatabaseError, plan: ProcedurePlan?) -> EventAnswer {
        let isGuards =
            error.sqlstate == "42704" && error.context == nil && error.message.contains(CallSettings.guardSetting)
        return isGuards ? .refused : .failed(Verdict(error, in: plan))
    }
}

import NIOCore
import Postgres

/// Why an event did not run, for its dead letter.
struct EventFailure {
    /// A SQLSTATE, or a WAMP error URI.
    let error: String
    /// For people.
    let message: String

    /// What the guard raises when an event is sent behind one that has not been committed: the name of a setting that nobody has.
    static let guardSetting = "wamp.event_out_of_order"

    /// What an outcome means for the event, and why, if it did not run.
    ///
    /// - Parameter role: as which role it ran.
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
            return (.faulty, EventFailure(error: "57014", message: "it took longer than \(milliseconds) ms"))
        case .unknown(let reason):
            return (.lost, EventFailure(error: "08006", message: "the outcome is unknown: \(reason)"))
        case .refused(.queueIsFull):
            return (.held, EventFailure(error: "53300", message: "too much waits for a connection to the database"))
        case .canceled, .refused:
            return (.lost, EventFailure(error: "08003", message: "it was not sent"))
        }
    }

    static func answer(_ error: DatabaseError, plan: ProcedurePlan?) -> EventAnswer {
        switch error.sqlstate {
        case "42704" where error.context == nil && error.message.contains(Self.guardSetting):
            return .refused
        case "40001", "40P01":
            return .failed
        case "57014":
            // A cancel that nobody here asked for.
            return .failed
        case "57P01", "57P02":
            // The server is going down.
            return .lost
        case "57P03", "25006", "58030":
            // It is not up yet, another one is the primary, or its disk fails.
            return .held
        default:
            if error.sqlstate.hasPrefix("08") { return .lost }
            // A full disk, no memory, too many connections or locks.
            if error.sqlstate.hasPrefix("53") { return .held }
            guard let plan, self.isMappingSuspected(error, in: plan) else { return .faulty }
            return .outdated
        }
    }
}

extension EventFailure {
    /// Whether the mapping may be at fault, and not the event: the catalog has to be asked. What is raised within the function is the event's own.
    private static func isMappingSuspected(_ error: DatabaseError, in plan: ProcedurePlan) -> Bool {
        if DefinitionChange.isPossible(error, in: plan) { return true }
        // The role may not be set any more, is gone, or may not execute the function.
        return ["42501", "22023"].contains(error.sqlstate) && !plan.comesFromWithin(error)
    }
}

/// See ``EventQueueStateMachine``.
typealias EventAnswer = EventQueueStateMachine<ReceivedEvent>.Answer

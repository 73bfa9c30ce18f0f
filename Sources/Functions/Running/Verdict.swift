package import Postgres

/// The meaning of a SQLSTATE for the run that ended with it: the only table.
///
/// The reaction to each is separate, and differs between calls, events and results: ``RunRules``.
package enum Verdict: Sendable, CaseIterable {
    /// The connection was lost.
    case connectionLost
    /// The server ends the session: it shuts down, or the session was idle for too long.
    case sessionEnded
    /// The server is not up yet.
    case startingUp
    /// The server is read-only: another one is the primary.
    case readOnly
    /// The server's disk fails.
    case diskFailing
    /// A full disk, no memory, too many connections or locks.
    case resourcesLacking
    /// Another transaction was in the way: the same may succeed the next time.
    case conflict
    /// A transaction was rolled back for another reason.
    case rolledBack
    /// It was canceled.
    case canceled
    /// Another intervention of the server's administrator.
    case intervention
    /// An object is in use, or not in the state for this.
    case notReady
    /// The transaction is not in the state for this.
    case transactionState
    /// The statement is not prepared in this session any more: it has not run.
    case notPrepared
    /// The function, or an object that it needs, has changed since it was looked up.
    case definition
    /// A right is missing.
    case right
    /// A setting's value is refused: the role does not exist any more.
    case setting
    /// A text can't be converted to the session's encoding, or from it.
    case encoding
    /// An error in the function, or of its arguments.
    case own

    /// Takes the state alone.
    package init(sqlstate: String) {
        self =
            switch sqlstate {
            case "25006": .readOnly
            case "40001", "40P01": .conflict
            case "57014": .canceled
            case "57P01", "57P02", "57P05", "25P03": .sessionEnded
            case "57P03": .startingUp
            case "58030": .diskFailing
            case "26000": .notPrepared
            // "cached plan must not change result type", and the sidecar's own guard.
            case "0A000", "42601": .definition
            // The function, its schema or one of its types does not exist any more.
            case "42883", "3F000", "42704": .definition
            case "42703", "42804", "42846", "42P13", "42809", "42725", "42P10", "42P18", "42P01", "XX000": .definition
            case "42501": .right
            case "22023": .setting
            case "22021", "22P05": .encoding
            default: Verdict(class: sqlstate.prefix(2))
            }
    }

    private init(class name: Substring) {
        self =
            switch name {
            case "08": .connectionLost
            case "25": .transactionState
            case "40": .rolledBack
            case "53": .resourcesLacking
            case "55": .notReady
            case "57": .intervention
            default: .own
            }
    }

    /// Takes an error that ended the run of a function, or of a statement.
    ///
    /// An error raised within the function is the function's own, unless its cause is independent of the function. That
    /// the server lacks something is believed only of the server itself. Nor can another look-up help a function that
    /// is not known any more.
    package init(_ error: DatabaseError, in plan: ProcedurePlan?) {
        let verdict = Verdict(sqlstate: error.sqlstate)
        switch verdict {
        case .connectionLost, .sessionEnded, .conflict, .rolledBack, .canceled, .intervention, .notReady,
            .transactionState, .own:
            self = verdict
        case .startingUp, .readOnly, .diskFailing, .resourcesLacking:
            self = error.isRaised ? .own : verdict
        case .notPrepared, .definition, .right, .setting, .encoding:
            guard let plan, !plan.comesFromWithin(error) else {
                self = .own
                return
            }
            self = verdict
        }
    }
}

extension Verdict {
    /// Whether a run of that plan which ended so may be repeated: a CALL only if it has not begun.
    package func allowsRepetition(of plan: ProcedurePlan) -> Bool {
        !plan.isProcedure || self == .notPrepared
    }

    /// Whether no work behind it on its connection has run.
    package var endsConnection: Bool { self == .connectionLost || self == .sessionEnded }

    /// Whether a definition that has changed since the statement was made may be the cause.
    ///
    /// If the definition turns out to be the same, the error is the run's own.
    package var isDefinitionSuspected: Bool { self == .definition }

    /// Errors that are independent of the request: lost connections, lack of resources, deadlocks, locks that others
    /// hold, cancels.
    package static let passing: Set<Verdict> = [
        .connectionLost, .sessionEnded, .startingUp, .resourcesLacking, .conflict, .rolledBack, .canceled,
        .intervention, .notReady,
    ]
}

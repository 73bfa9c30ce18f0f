package import Postgres

/// Tells errors that can come from a definition that has changed since the statement was made.
package enum DefinitionChange {
    /// True if the catalog should be looked at again, and the call tried once more where it says something new.
    ///
    /// Only errors from before the function ran: those have no context of a function. If the definition turns out to be
    /// the same, the error is the call's own.
    package static func isPossible(_ error: DatabaseError, in plan: ProcedurePlan) -> Bool {
        switch error.sqlstate {
        case "26000": return true  // the statement is not there: another look is not needed, only another PREPARE
        case "0A000", "42601": break  // "cached plan must not change result type", and our own guard
        case "42883", "3F000", "42704": break  // the function, its schema or a type of it is gone
        case "42703", "42804", "42846", "42P13", "42809", "42725", "42P10", "42P18", "42P01", "XX000": break
        default: return false
        }
        return !plan.comesFromWithin(error)
    }

    /// True if the error is our own guard's (``FunctionCall/guardCondition``): the function was replaced and has not run.
    ///
    /// Nothing else of ours can be a syntax error, or ask for the time zone of a timestamp that has none.
    package static func isGuard(_ error: DatabaseError, in plan: ProcedurePlan) -> Bool {
        guard plan.function != nil, !plan.comesFromWithin(error) else { return false }
        return error.sqlstate == "42601" || (error.sqlstate == "0A000" && error.message.contains("timezone"))
    }
}

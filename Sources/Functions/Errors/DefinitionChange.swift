package import Postgres

/// Recognizes errors that prove that a definition has changed since the statement was made. See ``Verdict/definition``
/// for those that may.
package enum DefinitionChange {
    /// True if the error is that of the guard (``FunctionCall/guardCondition``): the function was replaced and has not
    /// run.
    ///
    /// Nothing else in generated statements can be a syntax error, or ask for the time zone of a timestamp without one.
    package static func isGuard(_ error: DatabaseError, in plan: ProcedurePlan) -> Bool {
        guard plan.function != nil, !plan.comesFromWithin(error) else { return false }
        return error.sqlstate == "42601" || (error.sqlstate == "0A000" && error.message.contains("timezone"))
    }
}

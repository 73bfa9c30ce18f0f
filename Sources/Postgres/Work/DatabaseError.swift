/// An error that the server reported, with the fields that it sent.
///
/// Its SQLSTATE decides, elsewhere, which WAMP error it becomes and whether the work runs again.
package struct DatabaseError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The five characters of the SQLSTATE, for example `23505`.
    package var sqlstate: String
    /// The severity in English, for example `ERROR` or `FATAL`.
    package var severity: String
    /// The primary message, in the server's language.
    package var message: String
    /// Details; can contain values of rows.
    package var detail: String?
    /// The suggestion of the server or the function.
    package var hint: String?
    /// The place in the code: a line per function, the innermost first. Absent if no function was running.
    package var context: String?
    /// The schema of the affected object.
    package var schema: String?
    /// The affected table.
    package var table: String?
    /// The affected column.
    package var column: String?
    /// The affected data type: for example a domain whose constraint failed.
    package var datatype: String?
    /// The constraint that failed.
    package var constraint: String?
    /// Whether the database's users have chosen the SQLSTATE, by `RAISE` for example, or another server has: it says
    /// nothing of this server.
    package var isRaised: Bool

    /// Takes the fields; those that the server did not send are nil.
    package init(
        sqlstate: String, message: String, severity: String = "ERROR", detail: String? = nil, hint: String? = nil,
        context: String? = nil, schema: String? = nil, table: String? = nil, column: String? = nil,
        datatype: String? = nil, constraint: String? = nil, isRaised: Bool = false
    ) {
        self.sqlstate = sqlstate
        self.severity = severity
        self.message = message
        self.detail = detail
        self.hint = hint
        self.context = context
        self.schema = schema
        self.table = table
        self.column = column
        self.datatype = datatype
        self.constraint = constraint
        self.isRaised = isRaised
    }

    /// The server sent more at once than the sidecar accepts. Only for errors that the sidecar itself makes of that.
    package static let tooLargeAnswer = DatabaseError(
        sqlstate: "54000",
        message: "the server's answer is too large, so its connection was closed; the work may have been committed",
        severity: "FATAL")

    /// Whether this routine of the server's code reports errors with a SQLSTATE that is not its own.
    ///
    /// Languages that pass on the server's errors by the same routine as those of their functions (PL/Python, where
    /// they are not reported with `plpy.error`) are not among them: a full disk must not be taken for a function's
    /// error.
    static func isRaising(_ routine: String) -> Bool {
        switch routine {
        // RAISE in PL/pgSQL, `plpy.error` and the like, and dblink.
        case "exec_stmt_raise", "PLy_output", "dblink_res_error": true
        // postgres_fdw, in which the name depends on the version.
        default: routine.hasPrefix("pgfdw_report")
        }
    }

    /// The severity, the SQLSTATE and the message. Not the detail: it can contain values of rows.
    package var description: String {
        "\(severity) \(sqlstate): \(message)"
    }
}

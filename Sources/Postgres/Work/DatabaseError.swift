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

    /// Takes the fields; those that the server did not send are nil.
    package init(
        sqlstate: String, message: String, severity: String = "ERROR", detail: String? = nil, hint: String? = nil,
        context: String? = nil, schema: String? = nil, table: String? = nil, column: String? = nil,
        datatype: String? = nil, constraint: String? = nil
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
    }

    /// The server sent more at once than the sidecar accepts. Only for errors that the sidecar itself makes of that.
    package static let tooLargeAnswer = DatabaseError(
        sqlstate: "54000",
        message: "the server's answer is too large, so its connection was closed; the work may have been committed",
        severity: "FATAL")

    /// The severity, the SQLSTATE and the message. Not the detail: it can contain values of rows.
    package var description: String {
        "\(severity) \(sqlstate): \(message)"
    }
}

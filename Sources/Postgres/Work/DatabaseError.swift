/// An error that the server reported, with the fields that it sent.
///
/// What becomes of it (which WAMP error, tried again or not) is decided by its SQLSTATE, elsewhere.
package struct DatabaseError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The five characters of the SQLSTATE, for example `23505`.
    package var sqlstate: String
    /// The severity in English, for example `ERROR` or `FATAL`.
    package var severity: String
    /// The primary message, in the server's language.
    package var message: String
    /// More of what happened; can hold values of rows.
    package var detail: String?
    /// What the server or the function suggests.
    package var hint: String?
    /// Where in the code it happened: a line per function, the innermost first. Absent where no function was running.
    package var context: String?
    /// The schema of the object that the error is about.
    package var schema: String?
    /// The table that the error is about.
    package var table: String?
    /// The column that the error is about.
    package var column: String?
    /// The data type that the error is about: a domain whose constraint failed, for example.
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

    /// More came from the server at once than anybody takes. Only of what the sidecar itself makes of that.
    package static let tooLargeAnswer = DatabaseError(
        sqlstate: "54000",
        message: "the server's answer is too large, so its connection was closed; what ran may have been committed",
        severity: "FATAL")

    /// The severity, the SQLSTATE and the message. Not the detail: it can hold values of rows.
    package var description: String {
        "\(severity) \(sqlstate): \(message)"
    }
}

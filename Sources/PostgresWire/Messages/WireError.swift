/// An error in PostgreSQL's form: the contents of an ErrorResponse.
package struct WireError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The consequence for the connection.
    package enum Severity: String, Sendable, Hashable {
        /// The query failed; the next one may follow.
        case error = "ERROR"
        /// The connection ends.
        case fatal = "FATAL"
    }

    /// The consequence for the connection.
    package var severity: Severity
    /// The SQLSTATE.
    package var code: String
    /// What is wrong.
    package var message: String
    /// More about it.
    package var detail: String?
    /// What to do.
    package var hint: String?

    /// Takes the fields. A U+0000, which a message can't carry, is replaced by U+FFFD.
    package init(
        _ severity: Severity, _ code: String, _ message: String, detail: String? = nil, hint: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.detail = detail
        self.hint = hint
    }

    /// An error after which the next query may follow.
    package init(_ code: String, _ message: String, detail: String? = nil, hint: String? = nil) {
        self.init(.error, code, message, detail: detail, hint: hint)
    }

    /// The client violates the protocol: the connection ends.
    package static func violation(_ message: String, detail: String? = nil) -> WireError {
        WireError(.fatal, "08P01", message, detail: detail)
    }

    /// For logs.
    package var description: String { "\(self.severity.rawValue) \(self.code): \(self.message)" }
}

import Postgres

/// For whom what is said about a condition is meant: for who called, or for who runs the database.
package enum Audience {
    /// Classes of PostgreSQL's own of which no caller can do away with the reason: connections and logins, rights, names and syntax within functions,
    /// resources, limits, states, operators, the system, the configuration and PostgreSQL itself.
    private static let classesOfAdministrators: Set<String> = [
        "08", "28", "2D", "38", "39", "3D", "3F", "42", "53", "54", "55", "57", "58", "F0", "XX",
    ]

    /// What PL/pgSQL raises where no condition is named.
    private static let raised = "P0001"
    /// What a cancel raises, whoever asked for it.
    private static let canceled = "57014"
    /// The first letters of the SQL interface's own conditions.
    private static let interface = "WA"

    /// True if the advice that comes with it is for the administrator, and belongs into the log.
    package static func isAdministrator(_ sqlstate: String) -> Bool {
        guard sqlstate != RaisedError.sqlstate, sqlstate != self.canceled else { return false }
        let kind = String(sqlstate.prefix(2))
        return kind == self.interface || self.classesOfAdministrators.contains(kind)
    }

    /// True if a caller may read the hint: it is about the call, or the author of a function wrote it. What the SQL interface's own functions
    /// advise names this program.
    static func isHintForCaller(_ error: DatabaseError) -> Bool {
        guard error.sqlstate.prefix(2) != self.interface, error.hint?.contains("wamp-sidecar") != true else {
            return false
        }
        return !self.isAdministrator(error.sqlstate) || self.isRaised(error)
    }

    /// True if PL/pgSQL's RAISE made it. The context is in the server's language, but has the keyword at the end of its first line.
    private static func isRaised(_ error: DatabaseError) -> Bool {
        error.context?.prefix { !$0.isNewline }.hasSuffix(" RAISE") == true
    }

    /// True if only a function can have raised it: the message is what its author wants callers to read. Of PostgreSQL's own classes none counts, since
    /// it puts names of constraints, columns, types and values into its messages, and other versions have other codes in them.
    static func isFunctionsOwn(_ sqlstate: String) -> Bool {
        guard sqlstate != self.raised else { return true }
        let kind = sqlstate.prefix(2)
        return sqlstate.utf8.count == 5 && kind != self.interface && !ConditionName.hasClass(kind)
    }

    /// What is said of a condition where nothing of the database may be shown: its name.
    package static func words(_ sqlstate: String) -> String {
        ConditionName.of(sqlstate)?.replacing("_", with: " ") ?? "the function failed"
    }
}

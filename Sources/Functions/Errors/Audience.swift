import Postgres

/// The audience of a condition's texts: the caller, or the database's administrator.
package enum Audience {
    /// PostgreSQL's own classes whose cause no caller can remove: connections and logins, rights, names and syntax
    /// within functions, resources, limits, states, operators, the system, the configuration and PostgreSQL itself.
    private static let classesOfAdministrators: Set<String> = [
        "08", "28", "2D", "38", "39", "3D", "3F", "42", "53", "54", "55", "57", "58", "F0", "XX",
    ]

    /// The SQLSTATE of RAISE in PL/pgSQL without a condition.
    private static let raised = "P0001"
    /// The SQLSTATE of a cancel, by whatever request.
    private static let canceled = "57014"
    /// The prefix of the SQL interface's own conditions.
    private static let interface = "WA"

    /// True if the advice is for the administrator, and belongs into the log.
    package static func isAdministrator(_ sqlstate: String) -> Bool {
        guard sqlstate != RaisedError.sqlstate, sqlstate != self.canceled else { return false }
        let kind = String(sqlstate.prefix(2))
        return kind == self.interface || self.classesOfAdministrators.contains(kind)
    }

    /// True if a caller may read the hint: it is about the call, or the author of a function wrote it. The hints of the
    /// SQL interface's own functions name this program.
    static func isHintForCaller(_ error: DatabaseError) -> Bool {
        guard error.sqlstate.prefix(2) != self.interface, error.hint?.contains("wamp-sidecar") != true else {
            return false
        }
        return !self.isAdministrator(error.sqlstate) || self.isRaised(error)
    }

    /// True if PL/pgSQL's RAISE made it. The context is in the server's language, but has the keyword at the end of its
    /// first line.
    private static func isRaised(_ error: DatabaseError) -> Bool {
        error.context?.prefix { !$0.isNewline }.hasSuffix(" RAISE") == true
    }

    /// True if only a function can have raised it: its author wrote the message for callers. PostgreSQL's own classes
    /// never count, since their messages contain names of constraints, columns, types and values, and other versions
    /// have other codes in them.
    static func isFunctionsOwn(_ sqlstate: String) -> Bool {
        guard sqlstate != self.raised else { return true }
        let kind = sqlstate.prefix(2)
        return sqlstate.utf8.count == 5 && kind != self.interface && !ConditionName.hasClass(kind)
    }

    /// The public text of a condition where nothing of the database may be shown: its name.
    package static func words(_ sqlstate: String) -> String {
        ConditionName.of(sqlstate)?.replacing("_", with: " ") ?? "the function failed"
    }
}

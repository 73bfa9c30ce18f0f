package import NIOCore

/// What a session of the pool is like when nothing has been left behind in it, as far as calls depend on it.
///
/// A function can change settings for good. So the statement of each call holds ``conditions(isTimed:isCallerSet:)``:
/// on a session that is not clean it runs nothing, the session is put in order by ``reset``, and the call is run again.
/// Nothing need be sent ahead of it.
package struct CleanSession: Sendable {
    /// The settings that tell a function who calls it; empty where nobody is disclosed.
    package static let callerSettings = ["wamp.caller", "wamp.caller_authid", "wamp.caller_authrole", "wamp.procedure"]
    /// What the error says that a statement raises where no row can be the sign of a session that is not clean.
    private static let mark = "wamp-sidecar: a setting was left behind in this session; the call is run again"

    /// The search path of a fresh session.
    package let searchPath: String
    /// The role of a fresh session: `none`, unless the login role has another by default.
    package let role: String
    /// The deadline that sessions have by themselves.
    package let timeout: TimeAmount
    /// Puts a session in order, one statement after the other.
    let reset: [String]

    /// Takes what a fresh session is like.
    package init(searchPath: String, role: String, timeout: TimeAmount) {
        self.searchPath = searchPath
        self.role = role
        self.timeout = timeout
        let values =
            [("search_path", searchPath), ("role", role)] + Self.callerSettings.map { ($0, "") }
            + SessionSetup(part: .calls, statementTimeout: timeout).settings.filter { !$0.value.isEmpty }
        let assignments = values.map { name, value in
            """
            case when pg_catalog.current_setting('\(name)', true) is not null or '\(name)' operator(pg_catalog.~) '^wamp[.]' \
            then pg_catalog.set_config('\(name)', \(SQLText.literal(value)), false) end
            """
        }
        self.reset = [
            "reset session authorization", "reset all", "select " + assignments.joined(separator: ", "),
        ]
    }

    /// Conditions in SQL, all of which hold in a clean session.
    ///
    /// - Parameters:
    ///   - isTimed: the deadline has been set ahead of the statement.
    ///   - isCallerSet: the statement sets who calls.
    package func conditions(isTimed: Bool, isCallerSet: Bool) -> [String] {
        var conditions = [
            self.role == "none"
                ? "current_user operator(pg_catalog.=) session_user" : Self.condition("role", self.role),
            Self.condition("search_path", self.searchPath),
            // What a call brings is read by it, also behind a function that has changed it.
            "pg_catalog.pg_client_encoding() operator(pg_catalog.=) 'UTF8'",
        ]
        if !isTimed { conditions.append(Self.condition("statement_timeout", Self.text(self.timeout))) }
        if !isCallerSet {
            let values = Self.callerSettings.map { "pg_catalog.current_setting('\($0)', true)" }
            conditions.append(
                "(\(values.joined(separator: " operator(pg_catalog.||) "))) operator(pg_catalog.=) ''")
        }
        return conditions
    }

    /// A condition that stands ahead of all else in a statement, whatever its form: as a sub-select it is computed
    /// once, before anything runs. Where one of the conditions does not hold it is an error, by which ``isRaised(_:)``
    /// tells it: no rows can be a right answer.
    package static func raising(_ conditions: [String]) -> String {
        """
        (select case when \(conditions.joined(separator: " and ")) then true \
        else pg_catalog.concat('\(Self.mark) ', pg_catalog.current_setting('role'))::pg_catalog.int4 is null end)
        """
    }

    /// Whether work that ended so has not run, because something was left behind in its session.
    static func isGateShut(_ gate: Work.Gate, _ error: DatabaseError?, _ affectedRows: Int?) -> Bool {
        switch gate {
        case .none: false
        case .noRow: error == nil && affectedRows == 0
        case .error: error.map(self.isRaised) ?? false
        }
    }

    /// Whether this is the error of ``raising(_:)``.
    static func isRaised(_ error: DatabaseError) -> Bool {
        error.sqlstate == "22P02" && error.context == nil && error.message.contains(Self.mark)
    }

    private static func condition(_ name: String, _ value: String) -> String {
        "pg_catalog.current_setting('\(name)') operator(pg_catalog.=) \(SQLText.literal(value))"
    }

    /// A time as the server shows it: in the largest unit that divides it.
    private static func text(_ time: TimeAmount) -> String {
        let milliseconds = time.nanoseconds / 1_000_000
        let units: [(Int64, String)] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")]
        guard milliseconds > 0, let (size, unit) = units.first(where: { milliseconds % $0.0 == 0 }) else {
            return milliseconds > 0 ? "\(milliseconds)ms" : "0"
        }
        return "\(milliseconds / size)\(unit)"
    }
}

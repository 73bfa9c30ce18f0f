package import NIOCore

/// The state of a clean session of the pool, as far as calls depend on it.
///
/// A function can change settings for the whole session. So the statement of each call contains
/// ``conditions(isTimed:isCallerSet:)``: in a session that is not clean it runs nothing, ``reset`` puts the session in
/// order, and the call runs again. No statement need be sent ahead of the call.
package struct CleanSession: Sendable {
    /// The settings that show a function its caller; empty if no caller is disclosed.
    package static let callerSettings = ["wamp.caller", "wamp.caller_authid", "wamp.caller_authrole", "wamp.procedure"]
    /// The message of the error with which a statement reports a session that is not clean, where the absence of rows
    /// can't be the sign.
    private static let mark = "wamp-sidecar: a setting was left behind in this session; the call is run again"

    /// The search path of a fresh session.
    package let searchPath: String
    /// The role of a fresh session: `none`, unless the login role has another by default.
    package let role: String
    /// The default deadline of sessions.
    package let timeout: TimeAmount
    /// The statements that put a session in order, in their order.
    let reset: [String]

    /// Takes the settings of a fresh session.
    package init(searchPath: String, role: String, timeout: TimeAmount) {
        self.searchPath = searchPath
        self.role = role
        self.timeout = timeout
        let values =
            [("search_path", searchPath), ("role", role)] + Self.callerSettings.map { ($0, "") }
            + SessionSetup(part: .calls, statementTimeout: timeout).settings.filter { !$0.value.isEmpty }
        let assignments = values.map { name, value in
            """
            case when pg_catalog.current_setting('\(name)', true) is not null \
            or '\(name)' operator(pg_catalog.~) '^wamp[.]' \
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
    ///   - isCallerSet: the statement sets the caller.
    package func conditions(isTimed: Bool, isCallerSet: Bool) -> [String] {
        var conditions = [
            self.role == "none"
                ? "current_user operator(pg_catalog.=) session_user" : Self.condition("role", self.role),
            Self.condition("search_path", self.searchPath),
            // Later statements read a call's values in this encoding, even if a function has changed it.
            "pg_catalog.pg_client_encoding() operator(pg_catalog.=) 'UTF8'",
        ]
        if !isTimed { conditions.append(Self.condition("statement_timeout", Self.text(self.timeout))) }
        if !isCallerSet {
            let values = Self.callerSettings.map { "pg_catalog.current_setting('\($0)', true)" }
            // Nothing is less than an empty text. One comparison takes less of each call's time than four.
            conditions.append("greatest(\(values.joined(separator: ", "))) operator(pg_catalog.=) ''")
        }
        return conditions
    }

    /// A condition that comes first in a statement, whatever its form: as a sub-select it is computed once, before
    /// anything runs. Where one of the conditions does not hold, it raises an error, which ``isRaised(_:)`` recognizes.
    /// For such statements the absence of rows could be a valid result.
    package static func raising(_ conditions: [String]) -> String {
        """
        (select case when \(conditions.joined(separator: " and ")) then true \
        else pg_catalog.concat('\(Self.mark) ', pg_catalog.current_setting('role'))::pg_catalog.int4 is null end)
        """
    }

    /// Whether work with this outcome did not run because its session was not clean.
    static func isGateShut(_ gate: Work.Gate, _ error: DatabaseError?, _ affectedRows: Int?) -> Bool {
        switch gate {
        case .none: false
        case .noRow: if case .some = error { false } else { affectedRows == 0 }
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

    /// A time as the server prints it: in the largest unit that divides it.
    private static func text(_ time: TimeAmount) -> String {
        let milliseconds = time.nanoseconds / 1_000_000
        let units: [(Int64, String)] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")]
        guard milliseconds > 0, let (size, unit) = units.first(where: { milliseconds % $0.0 == 0 }) else {
            return milliseconds > 0 ? "\(milliseconds)ms" : "0"
        }
        return "\(milliseconds / size)\(unit)"
    }
}

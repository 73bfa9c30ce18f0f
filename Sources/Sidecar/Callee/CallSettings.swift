import NIOCore
import Postgres
import WAMP

/// What is set for the transaction of one call, ahead of it: its deadline, the role it runs as, and who calls.
///
/// A function can leave settings behind in its session. So as soon as any call needs more than a deadline, every call on the pool sets all of
/// it, known or not, so that nothing of one caller reaches the next. One object for all that runs on the pool, on the event loop.
final class CallSettings {
    /// Who calls, as far as the router discloses it.
    struct Caller {
        var session: String?
        var authid: String?
        var authrole: String?

        /// Whether the router has disclosed anything.
        var isDisclosed: Bool { self.session != nil || self.authid != nil || self.authrole != nil }

        static let undisclosed = Caller()
    }

    private static let timeoutAlone = Statement("select pg_catalog.set_config('statement_timeout', $1, true)")
    private static let everything = Statement(
        """
        select pg_catalog.set_config('statement_timeout', $1, true), pg_catalog.set_config('search_path', $2, true), \
        pg_catalog.set_config('wamp.procedure', $3, true), pg_catalog.set_config('wamp.caller', $4, true), \
        pg_catalog.set_config('wamp.caller_authid', $5, true), pg_catalog.set_config('wamp.caller_authrole', $6, true), \
        pg_catalog.set_config('role', $7, true)
        """)

    /// The deadline that connections have by themselves.
    private let sessionTimeout: TimeAmount
    /// Once true, it stays true: functions may count on the settings from then on.
    private(set) var isInUse: Bool
    /// The search path of a fresh session.
    var searchPath = "\"$user\", public"

    /// - Parameter isInUse: whether a mapping names a role.
    init(sessionTimeout: TimeAmount, isInUse: Bool) {
        self.sessionTimeout = sessionTimeout
        self.isInUse = isInUse
    }

    /// A mapping that names a role was added.
    func use() {
        self.isInUse = true
    }

    /// The statements to send ahead of an event: everything is set, always, since what a function leaves behind would reach the next event.
    /// All values are the mapping's, so they are part of the text.
    ///
    /// - Returns: `guarded` fails unless the session's number is `$1`, and makes it `$2`, in the event's transaction. The setting is read when
    ///   the statement runs: `current_setting` is not immutable, so nothing of it is computed ahead.
    func eventPreludes(timeout: TimeAmount, role: String?) -> (guarded: Statement, plain: Statement) {
        let values = [
            ("statement_timeout", Self.milliseconds(timeout)), ("search_path", self.searchPath), ("wamp.procedure", ""),
            ("wamp.caller", ""), ("wamp.caller_authid", ""), ("wamp.caller_authrole", ""), ("role", role ?? "none"),
        ]
        let settings = values.map { name, value in
            "pg_catalog.set_config('\(name)', \(SQLText.literal(value)), true)"
        }.joined(separator: ", ")
        let order = """
            case when pg_catalog.current_setting('wamp.seq', true) operator(pg_catalog.=) $1 \
            then pg_catalog.set_config('wamp.seq', $2, false) \
            else pg_catalog.current_setting('\(EventFailure.guardSetting)') end
            """
        return (Statement("select \(order), \(settings)"), Statement("select \(settings)"))
    }

    /// The statement to send ahead of a call, or nil if the session's own settings are right.
    ///
    /// - Parameter isGuests: whether it runs as the guest, whose settings other functions of low roles may have changed.
    func prelude(
        timeout: TimeAmount, role: String?, procedure: String, caller: Caller, isGuests: Bool = false
    ) -> (Statement, Parameters)? {
        if caller.isDisclosed { self.isInUse = true }
        guard self.isInUse || isGuests else { return self.timeoutAlone(timeout) }
        var values = Parameters()
        values.append(Self.milliseconds(timeout))
        values.append(self.searchPath)
        values.append(procedure)
        values.append(caller.session ?? "")
        values.append(caller.authid ?? "")
        values.append(caller.authrole ?? "")
        values.append(role ?? "none")
        return (Self.everything, values)
    }

    private func timeoutAlone(_ timeout: TimeAmount) -> (Statement, Parameters)? {
        guard timeout != self.sessionTimeout else { return nil }
        var values = Parameters()
        values.append(Self.milliseconds(timeout))
        return (Self.timeoutAlone, values)
    }

    /// At least 1: for the server 0 is no deadline at all.
    private static func milliseconds(_ timeout: TimeAmount) -> String {
        "\(min(max(timeout.nanoseconds / 1_000_000, 1), Int64(Int32.max)))"
    }
}

extension CallSettings.Caller {
    /// Takes what an INVOCATION's details disclose. What could not be a setting's value counts as not disclosed.
    init(_ details: Details) {
        self.session = details.integer("caller").map { "\($0)" }
        self.authid = Self.text(details, "caller_authid")
        self.authrole = Self.text(details, "caller_authrole")
    }

    private static func text(_ details: Details, _ key: String) -> String? {
        guard let text = details.string(key), !text.utf8.contains(0) else { return nil }
        return text
    }
}

package import NIOCore
package import Postgres
import WAMP

/// The checks and settings for the transaction of one call: that its session is clean, its deadline, the role that it
/// runs as, and its caller.
///
/// A function can leave settings behind in its session, and no state of one caller may reach the next. Usually the
/// statement of the call checks and sets by itself (``SessionGate``). A role must be set ahead of it, because the right
/// to execute the function is checked before any condition; so must a deadline. One object for all work of the pool, on
/// the event loop.
package final class CallSettings {
    /// The preparation of one call, so that its function sees only its own settings.
    package struct Precautions {
        /// Sent ahead of the call's statement.
        package var prelude: (Statement, Parameters)?
        /// Checked, and set, by the call's statement.
        package var gate = CallGate.none
        /// The session is put in order first.
        package var needsCleanSession = false
        /// Set for the whole session, ahead of a CALL, which may end its transaction.
        package var settings: String?
    }

    private static let timeoutAlone = Statement("select pg_catalog.set_config('statement_timeout', $1, true)")
    private static let everything = Statement(
        """
        select pg_catalog.set_config('statement_timeout', $1, true), pg_catalog.set_config('search_path', $2, true), \
        pg_catalog.set_config('wamp.procedure', $3, true), pg_catalog.set_config('wamp.caller', $4, true), \
        pg_catalog.set_config('wamp.caller_authid', $5, true), \
        pg_catalog.set_config('wamp.caller_authrole', $6, true), \
        pg_catalog.set_config('role', $7, true)
        """)

    /// The guest's, which is a member of no other role.
    package static let noRole = "none"

    /// The error of the guard if an event is sent behind one that has not been committed: the name of a setting that
    /// never exists.
    package static let guardSetting = "wamp.event_out_of_order"

    /// The state of a fresh session.
    package var session: CleanSession {
        didSet { self.gates = Gates(self.session) }
    }
    private var gates: Gates
    /// The role that runs calls whose mapping names none; empty until the database has reported it.
    package var ownRole = ""

    /// The search path of a fresh session.
    package var searchPath: String { self.session.searchPath }

    private struct Gates {
        let undisclosed: SessionGate
        let disclosed: SessionGate
        /// The same, behind a statement that sets the deadline.
        let undisclosedTimed: SessionGate
        let disclosedTimed: SessionGate

        init(_ session: CleanSession) {
            self.undisclosed = SessionGate(session, isTimed: false, setsCaller: false)
            self.disclosed = SessionGate(session, isTimed: false, setsCaller: true)
            self.undisclosedTimed = SessionGate(session, isTimed: true, setsCaller: false)
            self.disclosedTimed = SessionGate(session, isTimed: true, setsCaller: true)
        }
    }

    /// - Parameter session: the state of a fresh session.
    package init(_ session: CleanSession) {
        self.session = session
        self.gates = Gates(session)
    }

    /// The statements ahead of an event: they always make all settings, since a setting that a function leaves behind
    /// would reach the next event. All values are the mapping's, so they are part of the text.
    ///
    /// - Returns: `guarded` fails unless the session's number is `$1`, and sets it to `$2`, in the event's transaction.
    ///   The setting is read when the statement runs: `current_setting` is not immutable, so nothing is computed
    ///   earlier.
    package func eventPreludes(timeout: TimeAmount, role: String?, isGuests: Bool = false) -> (
        guarded: Statement, plain: Statement
    ) {
        let values = [
            ("statement_timeout", Self.milliseconds(timeout)), ("search_path", self.searchPath), ("wamp.procedure", ""),
            ("wamp.caller", ""), ("wamp.caller_authid", ""), ("wamp.caller_authrole", ""),
            ("role", role ?? (isGuests ? Self.noRole : self.session.role)),
        ]
        let settings = values.map { name, value in
            "pg_catalog.set_config('\(name)', \(SQLText.literal(value)), true)"
        }.joined(separator: ", ")
        let order = """
            case when pg_catalog.current_setting('wamp.seq', true) operator(pg_catalog.=) $1 \
            then pg_catalog.set_config('wamp.seq', $2, false) \
            else pg_catalog.current_setting('\(Self.guardSetting)') end
            """
        return (Statement("select \(order), \(settings)"), Statement("select \(settings)"))
    }

    /// The preparation of a call.
    ///
    /// - Parameters:
    ///   - role: nil for the session's own.
    ///   - procedure: its URI, if the router does not report it.
    ///   - isGuests: whether it runs as the guest. Functions of low roles may have changed that role's settings, so
    ///     none of its sessions need be clean: all settings are made.
    package func precautions(
        for plan: ProcedurePlan, timeout: TimeAmount, role: String?, procedure: String, caller: Caller,
        isGuests: Bool = false
    ) -> Precautions {
        let role = role ?? (isGuests ? Self.noRole : nil)
        if plan.isProcedure {
            // It may commit by itself; settings for a transaction would end then.
            let isTimed = timeout != self.session.timeout
            guard role != nil || caller.isDisclosed || isTimed else { return Precautions(needsCleanSession: true) }
            return Precautions(
                needsCleanSession: true, settings: self.forSession(timeout, role, procedure, caller))
        }
        let isTimed = timeout != self.session.timeout
        switch (plan.gates, caller.isDisclosed) {
        case (.setsCaller, true) where role == nil:
            let gate = isTimed ? self.gates.disclosedTimed : self.gates.disclosed
            return Precautions(
                prelude: self.timeoutAlone(timeout), gate: CallGate(gate: gate, caller: caller, procedure: procedure))
        case (.setsCaller, false) where role == nil, (.looksOnly, false) where role == nil:
            let gate = isTimed ? self.gates.undisclosedTimed : self.gates.undisclosed
            return Precautions(
                prelude: self.timeoutAlone(timeout), gate: CallGate(gate: gate, caller: caller, procedure: procedure))
        default:
            return Precautions(prelude: self.everything(timeout, role, procedure, caller))
        }
    }

    private func everything(
        _ timeout: TimeAmount, _ role: String?, _ procedure: String, _ caller: Caller
    ) -> (Statement, Parameters) {
        var values = Parameters()
        values.append(Self.milliseconds(timeout))
        values.append(self.searchPath)
        if let disclosed = caller.procedure { values.append(disclosed) } else { values.append(procedure) }
        values.append(orEmpty: caller.session)
        values.append(orEmpty: caller.authid)
        values.append(orEmpty: caller.authrole)
        values.append(role ?? self.session.role)
        return (Self.everything, values)
    }

    /// The same for the session, as text.
    private func forSession(_ timeout: TimeAmount, _ role: String?, _ procedure: String, _ caller: Caller) -> String {
        let texts = [caller.session, caller.authid, caller.authrole].map { text in
            text.map { String(buffer: $0) } ?? ""
        }
        let names = ["wamp.procedure", "wamp.caller", "wamp.caller_authid", "wamp.caller_authrole"]
        let values = [caller.procedure.map { String(buffer: $0) } ?? procedure] + texts
        // The role comes last: it may lack the right to make the others.
        let all =
            [("statement_timeout", Self.milliseconds(timeout)), ("search_path", self.searchPath)]
            + zip(names, values) + [("role", role ?? self.session.role)]
        let assignments = all.map { name, value in
            "pg_catalog.set_config('\(name)', \(SQLText.literal(value)), false)"
        }
        return "select " + assignments.joined(separator: ", ")
    }

    private func timeoutAlone(_ timeout: TimeAmount) -> (Statement, Parameters)? {
        guard timeout != self.session.timeout else { return nil }
        var values = Parameters()
        values.append(Self.milliseconds(timeout))
        return (Self.timeoutAlone, values)
    }

    /// At least 1: for the server 0 means no deadline.
    private static func milliseconds(_ timeout: TimeAmount) -> String {
        "\(min(max(timeout.nanoseconds / 1_000_000, 1), Int64(Int32.max)))"
    }
}

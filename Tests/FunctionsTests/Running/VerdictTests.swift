import Postgres
import TestChecks
import Testing

@testable import Functions

@Suite("The meaning of a SQLSTATE for a run")
struct VerdictTests {
    /// The reaction.
    enum Remedy {
        case again, reconnect, wait, prepare, look, cleanSession, none
    }

    struct Row: CustomTestStringConvertible {
        let states: [String]
        let call: Remedy
        let event: Remedy
        /// It says nothing of a function that was being looked up.
        let look: Bool

        init(_ states: String, call: Remedy, event: Remedy, look: Bool = false) {
            self.states = states.split(separator: " ").map { String($0) }
            self.call = call
            self.event = event
            self.look = look
        }

        var testDescription: String { self.states.joined(separator: " ") }
    }

    /// Errors raised ahead of the function, or by a server that is not part of it.
    static let rows = [
        Row("08000 08001 08003 08004 08006 08007 08P01", call: .none, event: .reconnect, look: true),
        Row("40001 40P01", call: .again, event: .again, look: true),
        Row("40000 40002 40003 4000", call: .none, event: .none, look: true),
        Row("57014", call: .none, event: .again, look: true),
        Row("57P01 57P02 57P05 25P03", call: .none, event: .reconnect, look: true),
        Row("57P03", call: .none, event: .wait, look: true),
        Row("57000 57P04 57P0", call: .none, event: .none, look: true),
        Row("53000 53100 53200 53300 53400", call: .none, event: .wait, look: true),
        Row("55000 55006 55P02 55P03 55P04", call: .none, event: .none, look: true),
        Row("25006", call: .none, event: .wait),
        Row("25000 25001 25P01 25P02 25P04", call: .none, event: .none),
        Row("58030", call: .none, event: .wait),
        Row("58000 58P01 58P02", call: .none, event: .none),
        Row("26000", call: .prepare, event: .prepare),
        Row(
            "0A000 42601 42883 3F000 42704 42703 42804 42846 42P13 42809 42725 42P10 42P18 42P01 XX000", call: .look,
            event: .look),
        Row("42501", call: .cleanSession, event: .look),
        Row("22023", call: .none, event: .look),
        Row("22021 22P05", call: .cleanSession, event: .none),
        Row("22000 22003 22012 22P02 23000 23502 23503 23505 23514", call: .none, event: .none),
        Row("42000 42602 42702 42710 42723 42P02 42P07 42P16 42P17 3F001 0A001 XX001 XX002", call: .none, event: .none),
        Row("03000 09000 0B000 0L000 0P000 0Z000 20000 21000 24000 27000 28000 28P01", call: .none, event: .none),
        Row("2B000 2D000 2F000 34000 38000 39000 3B000 3D000 44000 54000 54001 F0000", call: .none, event: .none),
        Row("HV000 P0000 P0001 P0002 P0004 WA000 WA003 72000 ZZ001 5 \u{301}", call: .none, event: .none),
    ]

    /// What helps against a statement that does not suit the session.
    private static let definitions: [Remedy] = [.look, .prepare]

    private let plan: ProcedurePlan
    private static let within = "PL/pgSQL function s.f(integer,integer) line 3 at RETURN"

    init() throws {
        self.plan = try ProcedurePlan(function: Sample.add2)
    }

    private static func error(_ sqlstate: String, context: String? = nil, isRaised: Bool = false) -> DatabaseError {
        DatabaseError(sqlstate: sqlstate, message: "m", context: context, isRaised: isRaised)
    }

    private static func remedy(_ remedy: RunRules.Remedy) -> Remedy {
        switch remedy {
        case .repetition: .again
        case .patience: .wait
        case .preparation: .prepare
        case .look: .look
        case .cleanSession: .cleanSession
        case .none: .none
        }
    }

    private static func call(_ error: DatabaseError, _ plan: ProcedurePlan) -> Remedy {
        self.remedy(RunRules.call(retries: 1).remedy(for: Verdict(error, in: plan)))
    }

    private static func event(_ error: DatabaseError, _ plan: ProcedurePlan?) -> Remedy {
        let verdict = Verdict(error, in: plan)
        let remedy = self.remedy(RunRules.event(retries: 1).remedy(for: verdict))
        guard verdict.endsConnection else { return remedy }
        check(remedy, .again, "a lost connection is no event's fault")
        return .reconnect
    }

    private static func result(_ error: DatabaseError, _ plan: ProcedurePlan) -> Remedy {
        self.remedy(RunRules.result.remedy(for: Verdict(error, in: plan)))
    }

    private static func saysNothingOfFunction(_ sqlstate: String) -> Bool {
        switch PlanSource.Failure(.server(self.error(sqlstate))) {
        case .unavailable: true
        case .fault: false
        }
    }

    @Test("ahead of the function", arguments: rows)
    func ahead(_ row: Row) {
        for state in row.states {
            let error = Self.error(state)
            check(Self.call(error, self.plan), row.call, "\(state)")
            check(Self.event(error, self.plan), row.event, "\(state)")
            check(Self.result(error, self.plan), Self.definitions.contains(row.call) ? row.call : .none, "\(state)")
            check(Self.saysNothingOfFunction(state), row.look, "\(state)")
        }
    }

    @Test("raised within the function, only causes independent of it", arguments: rows)
    func within(_ row: Row) {
        for state in row.states {
            let error = Self.error(state, context: Self.within)
            let isOfFunction =
                Self.definitions.contains(row.event) || Self.definitions.contains(row.call) || row.call == .cleanSession
            check(Self.call(error, self.plan), isOfFunction ? .none : row.call, "\(state)")
            check(Self.event(error, self.plan), isOfFunction ? .none : row.event, "\(state)")
            check(Self.result(error, self.plan), .none, "\(state)")
        }
    }

    @Test("no event waits for a server because of what a function raises", arguments: rows)
    func raised(_ row: Row) {
        for state in row.states {
            let raised = Self.error(state, context: Self.within, isRaised: true)
            let failed = Self.error(state, context: Self.within)
            let expected = row.event == .wait ? .none : Self.event(failed, self.plan)
            check(Self.event(raised, self.plan), expected, "\(state)")
            check(Self.call(raised, self.plan), Self.call(failed, self.plan), "\(state)")
        }
    }

    @Test("for an unknown function no other definition is looked up", arguments: rows)
    func unknown(_ row: Row) {
        for state in row.states {
            let expected = Self.definitions.contains(row.event) ? Remedy.none : row.event
            check(Self.event(Self.error(state), nil), expected, "\(state)")
        }
    }
}

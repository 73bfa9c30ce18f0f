import Functions
import Names
import Postgres
import SidecarConfiguration

/// Checks of `check --connect` beyond those of a function's or statement's plan: whether the server accepts the
/// statement that a call runs, and whether a procedure for events ends its transaction.
enum PlanCheck {
    /// A COMMIT or ROLLBACK in a body of PL/pgSQL, outside of strings and comments, after the end of another statement
    /// or a word that a statement follows.
    private static let question = """
        select exists (select from pg_catalog.pg_proc p \
        join pg_catalog.pg_language l on l.oid operator(pg_catalog.=) p.prolang \
        where p.oid operator(pg_catalog.=) $1::pg_catalog.oid and l.lanname operator(pg_catalog.=) 'plpgsql' and \
        pg_catalog.regexp_replace(p.prosrc, '''[^'']*''|--[^\\n]*|/[*]([^*]|[*]+[^*/])*[*]+/', ' ', 'g') \
        operator(pg_catalog.~*) \
        '(;|\\mbegin|\\mthen|\\melse|\\mloop)\\s*(commit|rollback)\\s*(and\\s+(no\\s+)?chain\\s*)?;')
        """

    /// Looks the function or statement up, and has the resulting statement prepared.
    ///
    /// - Parameters:
    ///   - isForEvents: the function runs in the transaction of an event, where a COMMIT is an error.
    ///   - completion: called once, on the event loop; nil for no fault.
    static func run(
        _ target: ProcedureTarget, options: PlanOptions, role: String?, isForEvents: Bool = false,
        control: Control, completion: @escaping (PlanSource.Failure?) -> Void
    ) {
        PlanSource.find(target, options: options, role: role, control: control) { result in
            switch result {
            case .failure(let failure):
                completion(failure)
            case .success(let plan):
                guard let function = plan.function else {
                    return self.explain(target, role: role, control: control, completion: completion)
                }
                PlanSource.prepare(plan, as: role, control: control) { result in
                    if case .failure(let failure) = result { return completion(failure) }
                    guard isForEvents, function.isProcedure else { return completion(nil) }
                    self.lookForCommit(function, control: control, completion: completion)
                }
            }
        }
    }

    /// Has the server begin to run the statement, which checks the rights on everything in it, but only show the plan.
    private static func explain(
        _ target: ProcedureTarget, role: String?, control: Control,
        completion: @escaping (PlanSource.Failure?) -> Void
    ) {
        guard case .sql(let mapping) = target else { return completion(nil) }
        var values = Parameters()
        for _ in mapping.names { values.appendNull() }
        control.query("explain " + mapping.probe, values, role: role) { result in
            switch result {
            case .success: completion(nil)
            case .failure(let failure): completion(PlanSource.Failure(failure))
            }
        }
    }

    private static func lookForCommit(
        _ function: FunctionDefinition, control: Control, completion: @escaping (PlanSource.Failure?) -> Void
    ) {
        var values = Parameters()
        values.append("\(function.oid)")
        control.query(self.question, values) { result in
            switch result {
            case .success(let rows):
                guard rows.values.first?.first == "t" else { return completion(nil) }
                completion(
                    .fault(
                        DefinitionFault(
                            sqlstate: "2D000",
                            description:
                                "\(function.signature) has COMMIT or ROLLBACK, which the transaction of an event "
                                + "does not allow; take it out, or call the procedure by a procedure mapping")))
            case .failure(let failure):
                completion(PlanSource.Failure(failure))
            }
        }
    }
}

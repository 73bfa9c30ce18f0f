package import Names
package import Postgres

/// Makes the plan of a mapping from the catalog.
package enum PlanSource {
    package enum Failure: Error {
        case fault(DefinitionFault)
        /// The database could not be queried.
        case unavailable(String)

        package init(_ failure: QueryFailure) {
            switch failure {
            case .server(let error) where Verdict.passing.contains(Verdict(sqlstate: error.sqlstate)):
                self = .unavailable(error.message)
            case .server(let error):
                self = .fault(DefinitionFault(sqlstate: error.sqlstate, description: error.message))
            case .unavailable(let reason):
                self = .unavailable(reason)
            }
        }
    }

    private static let lookup = Statement(FunctionLookup.query)
    /// A function dropped during the query is in the query's snapshot, but its names are not: the query is repeated.
    private static let mostAttempts = 5

    /// Asks the catalog, as it is now.
    ///
    /// - Parameters:
    ///   - role: the role that will run it, nil for the session's own: the right to execute it depends on that.
    ///   - guest: the role of the sessions that will run it, if they are not the sidecar's own; a function then, and
    ///     `role` is nil.
    ///   - completion: called once, on the event loop.
    package static func find(
        _ target: ProcedureTarget, options: PlanOptions, role: String?, guest: String? = nil,
        control: Control, completion: @escaping (Result<ProcedurePlan, Failure>) -> Void
    ) {
        guard let role else {
            return self.find(target, options: options, as: guest, control: control, completion: completion)
        }
        control.assume(role: role) { result in
            switch result {
            case .success:
                self.find(target, options: options, as: role, control: control, completion: completion)
            case .failure(let failure):
                completion(.failure(Failure(failure)))
            }
        }
    }

    private static func find(
        _ target: ProcedureTarget, options: PlanOptions, as role: String?, control: Control,
        completion: @escaping (Result<ProcedurePlan, Failure>) -> Void
    ) {
        switch target {
        case .function(let reference):
            self.find(reference, role: role, control: control, attempts: Self.mostAttempts) { result in
                completion(
                    result.flatMap { definition in
                        Self.plan { () throws(PlanFault) in
                            try ProcedurePlan(function: definition, options: options)
                        }
                    })
            }
        case .sql(let mapping):
            StatementDescriber.describe(mapping, role: role, control: control) { result in
                let plan = result.flatMap { description in
                    Self.plan { () throws(PlanFault) in
                        try ProcedurePlan(statement: mapping, description: description, options: options)
                    }
                }
                guard case .success(let plan) = plan else { return completion(plan) }
                // The user's text was described; the statement that runs is made of it.
                self.prepare(plan, as: role, control: control, completion: completion)
            }
        }
    }

    /// Has the server prepare the statement that a call runs: its errors are faults before the first call.
    package static func prepare(
        _ plan: ProcedurePlan, as role: String?, control: Control,
        completion: @escaping (Result<ProcedurePlan, Failure>) -> Void
    ) {
        control.describe(plan.example, role: role) { result in
            completion(result.map { _ in plan }.mapError { Failure($0) })
        }
    }

    /// Looks one function up.
    private static func find(
        _ reference: FunctionReference, role: String?, control: Control, attempts: Int,
        completion: @escaping (Result<FunctionDefinition, Failure>) -> Void
    ) {
        control.query(Self.lookup, FunctionLookup.parameters(for: reference, role: role)) { result in
            switch result {
            case .success(let rows):
                do throws(FunctionFault) {
                    let definition = try FunctionLookup.definition(of: reference, in: rows)
                    ShapeSource.complete(definition.parameters.map(\.type), control: control) { result in
                        completion(result.map { definition.taking($0) })
                    }
                } catch {
                    guard error.code == .unreadable, attempts > 1 else {
                        return completion(.failure(.fault(DefinitionFault(error))))
                    }
                    self.find(
                        reference, role: role, control: control, attempts: attempts - 1, completion: completion)
                }
            case .failure(.server(let error)):
                let fault = FunctionLookup.fault(of: reference, from: error).map { DefinitionFault($0) }
                completion(.failure(fault.map { .fault($0) } ?? Failure(.server(error))))
            case .failure(let failure):
                completion(.failure(Failure(failure)))
            }
        }
    }

    private static func plan(_ make: () throws(PlanFault) -> ProcedurePlan) -> Result<ProcedurePlan, Failure> {
        do {
            return .success(try make())
        } catch {
            return .failure(.fault(DefinitionFault(sqlstate: "0A000", description: error.message)))
        }
    }
}

extension FunctionDefinition {
    /// The same with other types of its parameters.
    fileprivate func taking(_ types: [TypeDefinition]) -> FunctionDefinition {
        var definition = self
        for (index, type) in zip(self.parameters.indices, types) { definition.parameters[index].type = type }
        return definition
    }
}

extension DefinitionFault {
    init(_ fault: FunctionFault) {
        self.init(sqlstate: fault.sqlstate, description: fault.message, finding: fault.finding)
    }
}

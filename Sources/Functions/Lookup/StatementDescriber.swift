import Names
import Postgres

/// Has the server describe the statement of a mapping's `sql`, with all its types.
enum StatementDescriber {
    /// - Parameter completion: called once, on the event loop.
    static func describe(
        _ mapping: StatementMapping, role: String?, control: Control,
        completion: @escaping (Result<StatementDescription, PlanSource.Failure>) -> Void
    ) {
        control.describe(mapping.probe, role: role) { result in
            switch result {
            case .success(let shape): self.lookUpTypes(of: shape, control: control, completion: completion)
            case .failure(let failure): completion(.failure(PlanSource.Failure(failure)))
            }
        }
    }

    private static func lookUpTypes(
        of shape: StatementShape, control: Control,
        completion: @escaping (Result<StatementDescription, PlanSource.Failure>) -> Void
    ) {
        let oids = Array(Set(shape.parameters + shape.columns.map(\.type)))
        control.query(TypeLookup.query, TypeLookup.parameters(for: oids)) { result in
            switch result {
            case .success(let rows):
                do throws(FunctionFault) {
                    let types = try TypeLookup.types(in: rows)
                    let columns = shape.columns.map { (name: $0.name, type: $0.type) }
                    guard
                        let description = StatementDescription(
                            parameters: shape.parameters, columns: columns, types: types)
                    else { return completion(.failure(.unavailable("a type was dropped meanwhile"))) }
                    ShapeSource.complete(description.parameters, control: control) { result in
                        completion(
                            result.map { StatementDescription(parameters: $0, columns: description.columns) })
                    }
                } catch {
                    completion(.failure(.fault(DefinitionFault(error))))
                }
            case .failure(let failure):
                completion(.failure(PlanSource.Failure(failure)))
            }
        }
    }
}

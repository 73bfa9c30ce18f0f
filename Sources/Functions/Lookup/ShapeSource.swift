import Postgres

/// Looks up the structure of parameters' types, if necessary.
enum ShapeSource {
    private static let lookup = Statement(ShapeLookup.query)

    /// The types with their structure. If none can have parts there is no query.
    static func complete(
        _ types: [TypeDefinition], control: Control,
        completion: @escaping (Result<[TypeDefinition], PlanSource.Failure>) -> Void
    ) {
        let oids = Set(types.filter(\.mayHaveParts).map(\.oid))
        guard !oids.isEmpty else { return completion(.success(types)) }
        control.query(Self.lookup, ShapeLookup.parameters(for: oids.sorted())) { result in
            switch result {
            case .success(let rows):
                do throws(FunctionFault) {
                    let shapes = try ShapeLookup.shapes(in: rows)
                    completion(
                        .success(
                            types.map { type in
                                var type = type
                                if type.mayHaveParts { type.shape = shapes[type.oid] }
                                return type
                            }))
                } catch {
                    completion(.failure(.fault(DefinitionFault(error))))
                }
            case .failure(let failure):
                completion(.failure(PlanSource.Failure(failure)))
            }
        }
    }
}

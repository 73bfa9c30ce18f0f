import Postgres

/// Asks what the types of parameters are made of, where that matters.
enum ShapeSource {
    private static let lookup = Statement(ShapeLookup.query)

    /// The types with what they are made of. Where none can have parts nothing is asked.
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

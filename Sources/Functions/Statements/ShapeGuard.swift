import Postgres

/// A condition, in SQL, that holds as long as the composites of a parameter's type have not changed since their
/// look-up.
///
/// The text written for them depends on their attributes, and the server would skip those that do not exist any more.
/// Never computed: the constants of type `regclass` make the server analyse the statement again after ALTER TYPE or
/// ALTER TABLE, and the analysis fails if an attribute does not exist, or is not an array of json any more (42703,
/// 42804). A new attribute is noticed by the first caller that gives it a value.
struct ShapeGuard {
    private var relations: [UInt32] = []
    private var attributes: [String] = []

    /// The condition; nil if there is nothing to check.
    static func condition(_ type: TypeDefinition) -> String? {
        guard let shape = type.shape, shape.hasRecords else { return nil }
        var guards = ShapeGuard()
        guards.add(shape, at: "null::\(type.sql)")
        let relations = guards.relations.map { "'\($0)'::pg_catalog.regclass is null" }
        return "case when true then true when \(relations.joined(separator: " and ")) then "
            + "\(guards.attributes.joined(separator: " and ")) end"
    }

    /// - Parameter path: the expression of a value of the shape. It names no type but the parameter's: the role may
    ///   lack rights on the schemas of others.
    private mutating func add(_ shape: ValueShape, at path: String) {
        switch shape {
        case .scalar, .integer, .json:
            break
        case .list(let element):
            self.add(element, at: "(\(path))[1]")
        case .record(let record):
            guard !self.relations.contains(record.relation) else { return }
            self.relations.append(record.relation)
            for member in record.members {
                let attribute = "(\(path)).\(SQLText.identifier(member.name))"
                self.attributes.append(
                    member.shape == .list(.json)
                        ? "pg_catalog.array_ndims(\(attribute)) is null" : "\(attribute) is null")
                self.add(member.shape, at: attribute)
            }
        }
    }
}

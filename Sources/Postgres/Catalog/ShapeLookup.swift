/// The query that looks up the parts of types, and the meaning of its rows. It runs only for types that may have parts.
package enum ShapeLookup {
    /// The query's parameter: the oids.
    package static func parameters(for oids: [UInt32]) -> Parameters {
        TypeLookup.parameters(for: oids)
    }

    /// The text of the query: a row for each type that can be reached, for composites a row for each attribute.
    package static let query = """
        with recursive part(oid) as (
          select w.oid from pg_catalog.unnest($1::pg_catalog._oid) as w(oid)
          union
          select x.oid
          from part p join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) p.oid
          cross join lateral (
            select t.typbasetype where t.typtype operator(pg_catalog.=) 'd'
            union all
            select e.oid from pg_catalog.pg_type e
            where e.oid operator(pg_catalog.=) t.typelem and e.typarray operator(pg_catalog.=) t.oid
            union all
            select a.atttypid from pg_catalog.pg_attribute a
            where t.typtype operator(pg_catalog.=) 'c' and a.attrelid operator(pg_catalog.=) t.typrelid
              and a.attnum operator(pg_catalog.>) 0 and not a.attisdropped
          ) as x(oid)
        )
        select t.oid, t.typtype, t.typbasetype, coalesce(e.oid, 0::pg_catalog.oid), t.typrelid,
               pg_catalog.format_type(t.oid, null), a.attname, a.atttypid
        from part p
        join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) p.oid
        left join pg_catalog.pg_type e
          on e.oid operator(pg_catalog.=) t.typelem and e.typarray operator(pg_catalog.=) t.oid
        left join pg_catalog.pg_attribute a
          on t.typtype operator(pg_catalog.=) 'c' and a.attrelid operator(pg_catalog.=) t.typrelid
          and a.attnum operator(pg_catalog.>) 0 and not a.attisdropped
        order by t.oid, a.attnum
        """

    /// The shapes of all types in the rows, by oid.
    package static func shapes(in rows: Rows) throws(FunctionFault) -> [UInt32: ValueShape] {
        var types: [UInt32: FoundType] = [:]
        for values in rows.values {
            guard values.count == 8, let oid = values[0].flatMap({ UInt32($0) }) else { throw LookupRow.unreadable }
            var type = types[oid] ?? FoundType(values)
            if let name = values[6], let attribute = values[7].flatMap({ UInt32($0) }) {
                type.attributes.append((name, attribute))
            }
            types[oid] = type
        }
        var shapes: [UInt32: ValueShape] = [:]
        for oid in types.keys { _ = self.shape(of: oid, types, &shapes, levels: 0) }
        return shapes
    }

    /// A depth that no real type has: a type can't contain itself, but these rows came over a network.
    private static let mostLevels = 200

    private static func shape(
        of oid: UInt32, _ types: [UInt32: FoundType], _ shapes: inout [UInt32: ValueShape], levels: Int
    ) -> ValueShape {
        if let shape = shapes[oid] { return shape }
        guard let type = types[oid], levels < Self.mostLevels else { return ValueShape(scalar: oid) }
        let shape: ValueShape
        switch type.kind {
        case .domain:
            shape = self.shape(of: type.base, types, &shapes, levels: levels + 1)
        case .composite:
            var members: [RecordShape.Member] = []
            for (name, attribute) in type.attributes {
                let shape = self.shape(of: attribute, types, &shapes, levels: levels + 1)
                members.append(RecordShape.Member(name: name, shape: shape))
            }
            shape = .record(RecordShape(type: type.display, relation: type.relation, members: members))
        default:
            shape =
                type.element == 0
                ? ValueShape(scalar: oid) : .list(self.shape(of: type.element, types, &shapes, levels: levels + 1))
        }
        shapes[oid] = shape
        return shape
    }

    private struct FoundType {
        let kind: TypeDefinition.Kind
        let base: UInt32
        let element: UInt32
        let relation: UInt32
        let display: String
        var attributes: [(name: String, type: UInt32)] = []

        init(_ values: [String?]) {
            self.kind = values[1].flatMap { TypeDefinition.Kind(rawValue: $0) } ?? .base
            self.base = values[2].flatMap { UInt32($0) } ?? 0
            self.element = values[3].flatMap { UInt32($0) } ?? 0
            self.relation = values[4].flatMap { UInt32($0) } ?? 0
            self.display = values[5] ?? ""
        }
    }
}

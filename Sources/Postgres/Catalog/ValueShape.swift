/// The structure of a type's values, as far as reading JSON needs it: the type's definition describes only the
/// outermost level.
package indirect enum ValueShape: Sendable, Equatable {
    /// Any text: the type's input function reads it.
    case scalar
    /// `smallint`, `integer`, `bigint` and `oid`, which accept no `3.0`.
    case integer
    /// `json` and `jsonb`, which accept any value.
    case json
    /// An array of such elements, with any number of dimensions.
    case list(ValueShape)
    /// A composite.
    case record(RecordShape)

    /// The shape of a type without parts.
    package init(scalar base: UInt32) {
        switch base {
        case TypeOID.int2, TypeOID.int4, TypeOID.int8, TypeOID.oid: self = .integer
        case TypeOID.json, TypeOID.jsonb: self = .json
        default: self = .scalar
        }
    }

    /// Whether it contains composites.
    package var hasRecords: Bool {
        switch self {
        case .scalar, .integer, .json: false
        case .list(let element): element.hasRecords
        case .record: true
        }
    }
}

/// The parts of a composite type.
package struct RecordShape: Sendable, Equatable {
    /// The type as people write it, for messages.
    package let type: String
    /// The composite's own entry in `pg_class`.
    package let relation: UInt32
    /// The attributes in order.
    package let members: [Member]

    /// One attribute.
    package struct Member: Sendable, Equatable {
        /// Its name, not quoted.
        package let name: String
        /// The structure of its values.
        package let shape: ValueShape

        /// Takes name and shape.
        package init(name: String, shape: ValueShape) {
            self.name = name
            self.shape = shape
        }
    }

    /// Takes the catalog's facts.
    package init(type: String, relation: UInt32, members: [Member]) {
        self.type = type
        self.relation = relation
        self.members = members
    }
}

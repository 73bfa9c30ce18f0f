/// What the values of a type are made of, as far as JSON for them has to be read: the type itself says only what it is at its outside.
package indirect enum ValueShape: Sendable, Equatable {
    /// What its text says: the type's input function reads it.
    case scalar
    /// `smallint`, `integer`, `bigint` and `oid`, which take no `3.0`.
    case integer
    /// `json` and `jsonb`, which take any value.
    case json
    /// An array of such elements, of any dimensions.
    case list(ValueShape)
    /// A composite.
    case record(RecordShape)

    /// The shape of a type that has no parts.
    package init(scalar base: UInt32) {
        switch base {
        case TypeOID.int2, TypeOID.int4, TypeOID.int8, TypeOID.oid: self = .integer
        case TypeOID.json, TypeOID.jsonb: self = .json
        default: self = .scalar
        }
    }

    /// Whether there are composites in it.
    package var hasRecords: Bool {
        switch self {
        case .scalar, .integer, .json: false
        case .list(let element): element.hasRecords
        case .record: true
        }
    }
}

/// What a composite type consists of.
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
        /// What its values are made of.
        package let shape: ValueShape

        /// Takes name and shape.
        package init(name: String, shape: ValueShape) {
            self.name = name
            self.shape = shape
        }
    }

    /// Takes what the catalog says.
    package init(type: String, relation: UInt32, members: [Member]) {
        self.type = type
        self.relation = relation
        self.members = members
    }
}

/// A data type as the catalog describes it, as far as the conversion of its values needs it.
package struct TypeDefinition: Sendable, Equatable {
    /// The type's oid in `pg_type`.
    package var oid: UInt32
    /// The schema's name, not quoted.
    package var schema: String
    /// The type's name, not quoted: `int4`, `_int4`.
    package var name: String
    /// The type as people write it, for example `integer` or `numeric[]`; for messages.
    package var display: String
    /// The kind of the type itself.
    package var kind: Kind
    /// The type itself, or the type at the bottom if it is a domain (over a domain ..).
    package var base: UInt32
    /// The kind of the base type.
    package var baseKind: Kind
    /// True if the base is an array.
    package var isArray: Bool
    /// The base type of the array's elements; nil if it is not an array.
    package var element: UInt32?
    /// The structure of its values, if it was looked up (``ShapeLookup``).
    package var shape: ValueShape?

    /// The kind in `pg_type.typtype`.
    package enum Kind: String, Sendable {
        case base = "b"
        case composite = "c"
        case domain = "d"
        case enumeration = "e"
        case multirange = "m"
        case pseudo = "p"
        case range = "r"
    }

    /// Takes the catalog's facts.
    package init(
        oid: UInt32, schema: String, name: String, display: String, kind: Kind, base: UInt32, baseKind: Kind,
        isArray: Bool, element: UInt32?
    ) {
        self.oid = oid
        self.schema = schema
        self.name = name
        self.display = display
        self.kind = kind
        self.base = base
        self.baseKind = baseKind
        self.isArray = isArray
        self.element = element
    }

    /// The type's name for SQL text, qualified and quoted.
    package var sql: String {
        SQLText.qualified(schema, name)
    }

    /// True for composite types, and for domains over them.
    package var isComposite: Bool {
        baseKind == .composite
    }

    /// Whether the structure of its values must be looked up: it is a composite, or an array whose elements may have
    /// parts.
    package var mayHaveParts: Bool {
        self.isComposite || (self.isArray && !TypeOID.common.contains(self.element ?? 0))
    }
}

/// The oids of the types that are treated specially. They are the same in every PostgreSQL.
package enum TypeOID {
    /// `boolean`
    package static let bool: UInt32 = 16
    /// `bytea`
    package static let bytea: UInt32 = 17
    /// `bigint`
    package static let int8: UInt32 = 20
    /// `smallint`
    package static let int2: UInt32 = 21
    /// `integer`
    package static let int4: UInt32 = 23
    /// `text`
    package static let text: UInt32 = 25
    /// `oid`
    package static let oid: UInt32 = 26
    /// `json`
    package static let json: UInt32 = 114
    /// `real`
    package static let float4: UInt32 = 700
    /// `double precision`
    package static let float8: UInt32 = 701
    /// `timestamp without time zone`
    package static let timestamp: UInt32 = 1114
    /// `timestamp with time zone`
    package static let timestamptz: UInt32 = 1184
    /// `numeric`
    package static let numeric: UInt32 = 1700
    /// A row whose columns only the function knows.
    package static let record: UInt32 = 2249
    /// No value.
    package static let void: UInt32 = 2278
    /// The result of trigger functions.
    package static let trigger: UInt32 = 2279
    /// The result of event trigger functions.
    package static let eventTrigger: UInt32 = 3838
    /// `jsonb`
    package static let jsonb: UInt32 = 3802

    /// The lowest oid of objects that users create.
    package static let firstOfUsers: UInt32 = 16384

    /// The elements of most arrays; none of them has parts.
    package static let common: Set<UInt32> = [
        bool, bytea, int8, int2, int4, text, json, float4, float8, timestamp, timestamptz, numeric, jsonb,
        // varchar, date, uuid
        1043, 1082, 2950,
    ]

    /// True for json and jsonb, whose text is JSON already.
    package static func isJSON(_ oid: UInt32) -> Bool {
        oid == json || oid == jsonb
    }
}

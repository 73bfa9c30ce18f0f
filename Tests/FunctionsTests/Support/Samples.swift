import Functions
import NIOCore
import Postgres
import WAMP

/// Types and functions as the catalog would describe them.
enum Sample {
    static let int4 = base(TypeOID.int4, "int4", "integer")
    static let int8 = base(TypeOID.int8, "int8", "bigint")
    /// A statement without the bound of its only column; as it is if it has none.
    static func unbounded(_ text: String) -> String {
        let parts = text.split(separator: ")::pg_catalog.varchar(1001)", maxSplits: 1)
        guard parts.count == 2, let start = parts[0].firstRange(of: "select (") else { return text }
        return parts[0][..<start.lowerBound] + "select " + parts[0][start.upperBound...] + parts[1]
    }

    static let text = base(TypeOID.text, "text", "text")
    static let bool = base(TypeOID.bool, "bool", "boolean")
    static let jsonb = base(TypeOID.jsonb, "jsonb", "jsonb")
    static let bytea = base(TypeOID.bytea, "bytea", "bytea")
    static let textArray = array(1009, "_text", "text[]", of: TypeOID.text)
    static let int8Array = array(1016, "_int8", "bigint[]", of: TypeOID.int8)
    static let byteaArray = array(1001, "_bytea", "bytea[]", of: TypeOID.bytea)
    static let jsonbArray = array(3807, "_jsonb", "jsonb[]", of: TypeOID.jsonb)
    static let void = pseudo(TypeOID.void, "void")
    static let record = pseudo(TypeOID.record, "record")
    static let item = TypeDefinition(
        oid: 16400, schema: "shop", name: "item", display: "shop.item", kind: .composite, base: 16400,
        baseKind: .composite, isArray: false, element: nil)

    static func base(_ oid: UInt32, _ name: String, _ display: String) -> TypeDefinition {
        TypeDefinition(
            oid: oid, schema: "pg_catalog", name: name, display: display, kind: .base, base: oid, baseKind: .base,
            isArray: false, element: nil)
    }

    static func array(_ oid: UInt32, _ name: String, _ display: String, of element: UInt32) -> TypeDefinition {
        TypeDefinition(
            oid: oid, schema: "pg_catalog", name: name, display: display, kind: .base, base: oid, baseKind: .base,
            isArray: true, element: element)
    }

    static func pseudo(_ oid: UInt32, _ name: String) -> TypeDefinition {
        TypeDefinition(
            oid: oid, schema: "pg_catalog", name: name, display: name, kind: .pseudo, base: oid, baseKind: .pseudo,
            isArray: false, element: nil)
    }

    /// `s.f` with the oid 42.
    static func function(
        _ parameters: [FunctionParameter], returns result: TypeDefinition = int4, set: Bool = false,
        columns: [FunctionColumn] = [], out: Bool = false, procedure: Bool = false,
        overloads: [[FunctionParameter]] = []
    ) -> FunctionDefinition {
        FunctionDefinition(
            oid: 42, schema: "s", name: "f", isProcedure: procedure, parameters: parameters, returnsSet: set,
            result: result, columns: columns, hasOutParameters: out,
            overloads: overloads.map { FunctionOverload(parameters: $0) }, signature: "s.f(..)")
    }

    static func parameter(_ name: String?, _ type: TypeDefinition = int4, default: Bool = false) -> FunctionParameter {
        FunctionParameter(name: name, type: type, hasDefault: `default`)
    }

    static let add2 = function([parameter("a"), parameter("b")])

    static let raw = function(
        [parameter("args", jsonb), parameter("kwargs", jsonb), parameter("details", jsonb)], returns: jsonb)

    /// A payload from texts; nil is absent.
    static func payload(_ arguments: String? = nil, _ members: String? = nil) -> Payload {
        let text = (arguments ?? "") + (members ?? "")
        return Payload(
            arguments: arguments.map { ByteBuffer(string: $0) },
            keywordArguments: members.map { ByteBuffer(string: $0) },
            containsNUL: text.contains("\\u0000"))
    }

    /// The guard condition of the statements of `s.f`.
    static func guardCondition(_ types: String, also: String = "") -> String {
        "case when '\"s\".\"f\"(\(types))'::pg_catalog.regprocedure operator(pg_catalog.=) 42::pg_catalog.oid then "
            + "true "
            + "when pg_catalog.date_part('timezone', '2000-01-01'::pg_catalog.timestamp) is null then false\(also) end"
    }
}

extension ProcedurePlan {
    /// Binds without details.
    func bind(
        _ arguments: String? = nil, _ members: String? = nil, details: String = "{}"
    ) throws(BindingError) -> (statement: Statement, parameters: Parameters) {
        try bind(
            Sample.payload(arguments, members), details: Details(text: ByteBuffer(string: details)),
            procedure: "com.example.f")
    }
}

package import Postgres

/// The SQL that writes values of results as JSON.
///
/// The server's `to_json` does it, except for types without a JSON form: `bytea` becomes WAMP binary, and 64 bit
/// integers become strings if the mapping asks for it. That holds for the result, for its columns, and for arrays of
/// such; deeper values are as `to_json` writes them.
package struct ResultColumns: Sendable, Equatable {
    /// The form of 64 bit integers.
    package let bigint: PlanOptions.BigintFormat

    /// Takes the mapping's `bigint`.
    package init(bigint: PlanOptions.BigintFormat) {
        self.bigint = bigint
    }

    /// True if `to_json` is not sufficient for this type.
    package func isSpecial(_ type: TypeDefinition) -> Bool {
        let oid = type.isArray ? type.element : type.base
        return oid == TypeOID.bytea || (oid == TypeOID.int8 && bigint == .string)
    }

    /// True if ``document(_:type:)`` uses the expression more than once.
    package func repeats(_ type: TypeDefinition) -> Bool {
        type.isArray && type.element == TypeOID.bytea
    }

    /// A value as its own JSON text.
    package func document(_ expression: String, type: TypeDefinition) -> String {
        if isSpecial(type) {
            let field = field(expression, type: type)
            return type.base == TypeOID.bytea || repeats(type) ? field : "pg_catalog.to_json(\(field))"
        }
        return TypeOID.isJSON(type.base) ? expression : "pg_catalog.to_json(\(expression))"
    }

    /// A value as a column of a row for `to_json`.
    package func field(_ expression: String, type: TypeDefinition) -> String {
        guard isSpecial(type) else { return expression }
        switch (type.isArray, type.isArray ? type.element : type.base) {
        case (false, TypeOID.bytea): return Self.binary(expression)
        case (true, TypeOID.bytea): return Self.binaries(expression)
        case (true, _): return "(\(expression))::pg_catalog._text"
        default: return "(\(expression))::pg_catalog.text"
        }
    }

    /// A row as an object: its columns one by one, named.
    ///
    /// - Parameter value: the expression of a column.
    package func object(_ columns: [FunctionColumn], value: (FunctionColumn) -> String) -> String {
        let fields = columns.map { column in
            "\(field(value(column), type: column.type)) as \(SQLText.identifier(column.name))"
        }
        let object = Alias.object
        return
            "(select pg_catalog.to_json(\(object.whole)) from (select \(fields.joined(separator: ", "))) as "
            + "\(object.sql))"
    }

    /// An array of WAMP binary, with the levels of the array. The bracket of a level precedes its first element and
    /// follows its last one: the elements' numbers in the order of all show which they are.
    private static func binaries(_ array: String) -> String {
        let element = Alias.element
        let number = element.column("n")
        let sizes = Alias.sizes
        // PostgreSQL has no more levels. Each size is the product of its level's length and the sizes below.
        let levels = (1...6).map { level in
            let lengths = (level...6).map { below in
                let length = "pg_catalog.array_length(\(array), \(below))"
                return below == level ? length : "coalesce(\(length), 1)"
            }
            return "\(lengths.joined(separator: " operator(pg_catalog.*) ")) as s\(level)"
        }
        func brackets(_ bracket: String, _ position: String) -> String {
            let counts = (1...6).map { level in
                "case when (\(position)) operator(pg_catalog.%) \(sizes.sql).s\(level) operator(pg_catalog.=) 0 "
                    + "then '\(bracket)' end"
            }
            return "pg_catalog.concat(\(counts.joined(separator: ", ")))"
        }
        let text = [
            brackets("[", "\(number) operator(pg_catalog.-) 1"),
            "coalesce(\(self.binaryText(element.column("v"))), 'null')", brackets("]", number),
        ]
        return "(case when \(array) is not null then (select coalesce(pg_catalog.string_agg(pg_catalog.concat("
            + "\(text.joined(separator: ", "))), ',' order by \(number)), '[]') from (select "
            + "\(levels.joined(separator: ", ")) offset 0) as \(sizes.sql) cross join "
            + "pg_catalog.unnest(\(array)) with ordinality as \(element.sql)(v, n)) end)::pg_catalog.json"
    }

    /// WAMP binary in JSON: U+0000 and base64, in one line.
    private static func binary(_ expression: String) -> String {
        "\(self.binaryText(expression))::pg_catalog.json"
    }

    private static func binaryText(_ expression: String) -> String {
        "(E'\"\\\\u0000' operator(pg_catalog.||) "
            + "pg_catalog.replace(pg_catalog.encode(\(expression), 'base64'), E'\\n', '') "
            + "operator(pg_catalog.||) '\"')"
    }
}

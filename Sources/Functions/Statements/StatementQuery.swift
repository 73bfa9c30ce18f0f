package import Names
package import Postgres
import WAMP

/// The server's description of a statement's ``StatementMapping/probe``: the types of its parameters and its columns.
package struct StatementDescription: Sendable, Equatable {
    /// The types of the parameters, in order.
    package let parameters: [TypeDefinition]
    /// Empty for a statement that returns no rows.
    package let columns: [FunctionColumn]

    /// Takes the types as they are.
    package init(parameters: [TypeDefinition], columns: [FunctionColumn]) {
        self.parameters = parameters
        self.columns = columns
    }

    /// Combines the answers to Describe and to ``Postgres/TypeLookup``; nil if a type is missing, because it was
    /// dropped meanwhile.
    package init?(parameters: [UInt32], columns: [(name: String, type: UInt32)], types: [UInt32: TypeDefinition]) {
        let parameterTypes = parameters.compactMap { types[$0] }
        let typedColumns = columns.compactMap { column in
            types[column.type].map { FunctionColumn(name: column.name, type: $0) }
        }
        guard parameterTypes.count == parameters.count, typedColumns.count == columns.count else { return nil }
        self.init(parameters: parameterTypes, columns: typedColumns)
    }
}

/// The statement that runs a mapping's `sql`, and the shape of its result.
///
/// Rows become objects; a statement that changes rows and returns none gives their number.
package struct StatementQuery: Sendable {
    /// The gate goes between these.
    private let beginning: String
    private let condition: String?
    private let end: String
    /// Whether it can have a gate.
    package let takesGate: Bool
    /// The shape of the result.
    package let shape: ResultShape
    /// The parameters, named and typed.
    package let parameters: [FunctionParameter]
    /// The parameters, for messages: `sql(pattern text, limit bigint)`.
    package let signature: String

    /// The statement's text.
    ///
    /// - Parameter gate: its check before it runs anything; nil for none, and ignored if it can't have one.
    package func text(_ gate: SessionGate? = nil) -> String {
        let gate = self.takesGate ? gate?.raisingCondition(behind: self.parameters.count) : nil
        let conditions = [gate, self.condition].compactMap { $0 }
        return self.beginning + (conditions.isEmpty ? "" : " where " + conditions.joined(separator: " and ")) + self.end
    }

    /// Writes the statement.
    ///
    /// - Throws: a fault if the mapping's options do not suit the statement.
    package init(
        _ mapping: StatementMapping, _ description: StatementDescription, options: PlanOptions
    ) throws(PlanFault) {
        guard mapping.names.count == description.parameters.count else {
            throw PlanFault("the server finds other parameters in the statement than the sidecar does")
        }
        guard options.convention != .raw else { throw PlanFault("convention: raw is for functions, not for sql") }
        var names: Set<ExactText> = []
        for column in description.columns where !names.insert(ExactText(column.name)).inserted {
            throw PlanFault(
                "the statement has two columns named \"\(column.name)\", of which an object can hold one; "
                    + "name each with AS")
        }
        let parameters = zip(mapping.names, description.parameters).map { name, type in
            FunctionParameter(name: name, type: type)
        }
        for parameter in parameters where parameter.type.kind == .pseudo {
            let name = parameter.name ?? ""
            throw PlanFault(
                "the server can't determine the type of :\(name); write :\(name)::type, or "
                    + ":\(name)::type[]")
        }
        self.parameters = parameters
        self.signature = "sql(\(parameters.map { "\($0.name ?? "") \($0.type.display)" }.joined(separator: ", ")))"
        let conversions = parameters.enumerated().map { index, parameter in
            "(\(ArgumentConversion(parameter.type).sql(index + 1, type: parameter.type)))"
        }
        let preamble = StatementMapping.text(mapping.preamble) { conversions[$0] }
        let main = StatementMapping.text(mapping.main) { conversions[$0] }
        if mapping.verb == .merge, !mapping.hasReturning {
            // Before PostgreSQL 17 MERGE is not possible in a WITH list, and does not report how many rows it has
            // changed.
            guard options.results == .auto else { throw PlanFault("results: \(options.results) is not for this MERGE") }
            self.beginning = preamble + main
            self.condition = nil
            self.end = ""
            self.takesGate = false
            self.shape = .nothing
            return
        }
        guard mapping.verb.isQuery || mapping.hasReturning else {
            guard options.results == .auto || options.results == .value else {
                throw PlanFault("results: \(options.results) needs rows; let the statement have RETURNING")
            }
            self.beginning = Self.wrapped(
                preamble, main + "\nreturning 1", isQuery: false, select: "select pg_catalog.count(*)")
            self.condition = nil
            self.end = ""
            self.takesGate = true
            self.shape = .value
            return
        }
        let (document, shape, condition, end) = Self.result(description.columns, options)
        self.shape = shape
        self.condition = condition
        let bounded = options.bound.statement([document])
        self.end = end + bounded.end
        self.beginning = Self.wrapped(preamble, main, isQuery: mapping.verb.isQuery, select: bounded.beginning)
        self.takesGate = true
    }

    /// The statement as a part of the generated one. A line break ends a comment at its end.
    private static func wrapped(
        _ preamble: String, _ main: String, isQuery: Bool, select: String
    ) -> String {
        let row = Alias.row.sql
        if isQuery, preamble.isEmpty {
            return "\(select) from (\(main)\n) as \(row)"
        }
        let rows = Alias.rows.unlike(preamble + main).sql
        // A statement that changes rows must be at the top level of a WITH list, and so must its own lists.
        let list = preamble.isEmpty ? "with " : preamble + "\n, "
        return "\(list)\(rows) as (\(main)\n) \(select) from \(rows) as \(row)"
    }

    private static func result(
        _ columns: [FunctionColumn], _ options: PlanOptions
    ) -> (select: String, shape: ResultShape, condition: String?, end: String) {
        let writer = ResultColumns(bigint: options.bigint)
        // Columns that are named one by one must be the existing ones, also after ALTER TABLE.
        let isSpecial = columns.contains { writer.isSpecial($0.type) }
        let row =
            isSpecial
            ? writer.object(columns) { Alias.row.column($0.name) }
            : "pg_catalog.to_json(\(Alias.row.whole))"
        let check =
            isSpecial ? "case when true then true else \(SQLText.columnCheck(Alias.row.whole, columns)) end" : nil
        switch options.results {
        case .auto, .rows: return (row, .rows, check, "")
        case .row: return (row, .row, check, " limit 1")
        case .kwargs: return (row, .keywordArguments, check, " limit 1")
        case .args: return ("coalesce(pg_catalog.json_agg(\(row)), '[]')", .arguments, check, "")
        case .value:
            guard columns.count == 1, let column = columns.first else { return (row, .value, check, " limit 1") }
            let value = writer.document(Alias.row.column(column.name), type: column.type)
            return (value, .value, check, " limit 1")
        }
    }
}

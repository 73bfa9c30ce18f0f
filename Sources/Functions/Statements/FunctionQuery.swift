package import Postgres

/// The statement around a function's call, and the shape of its result.
package struct FunctionQuery: Sendable {
    /// The shape of the result.
    package let shape: ResultShape
    private let call: FunctionCall
    private let columns: ResultColumns
    private let bound: ResultBound
    private let form: Form
    private let guardCondition: String

    /// The form of the call in its statement; the texts are the select list, made of the row or of the call.
    private enum Form: Sendable {
        /// `call f(..)`
        case procedure
        /// `select <of the call>`
        case scalar
        /// `select <these> from (select f(..) as v ..) as <row>`, for lists that use the result more than once.
        case single([String])
        /// `select <this> from f(..) as <row> <..>`
        case set(String, tail: String)
    }

    private static let row = Alias.row.sql

    /// Decides the form of the call in its statement.
    ///
    /// - Throws: a fault if the mapping's `results` do not suit the function's result.
    package init(_ function: FunctionDefinition, options: PlanOptions) throws(PlanFault) {
        self.call = FunctionCall(function)
        self.columns = ResultColumns(bigint: options.bigint)
        self.bound = options.bound
        // As a sub-select it is computed once, ahead of everything else, in any form of the statement.
        self.guardCondition = self.call.guardCondition + (options.guardCondition.map { " and (select \($0))" } ?? "")
        if function.isProcedure {
            guard options.results == .auto || options.results == .row || options.results == .value else {
                throw PlanFault("results: \(options.results) is not for procedures; \(function.signature) is one")
            }
            self.form = .procedure
            self.shape = function.columns.isEmpty ? .nothing : .output
        } else if function.returnsSet {
            (self.form, self.shape) = try Self.set(function, options.results, columns)
        } else {
            (self.form, self.shape) = try Self.single(function, options, columns)
        }
    }

    /// The statement's text; the last of the parameters comes last.
    ///
    /// - Parameters:
    ///   - gate: its check before it runs the function; nil for none.
    ///   - isGiven: see ``FunctionCall/expression(_:)``.
    package func text(_ gate: SessionGate? = nil, _ isGiven: (Int) -> Bool) -> String {
        let function = call.function
        let expression = call.expression(isGiven)
        let count = function.parameters.indices.count { function.parameters[$0].mode != .output && isGiven($0) }
        var guardCondition = self.guardCondition
        if let gate {
            let isNoRow = self.isShutByNoRow
            let condition = isNoRow ? gate.condition(behind: count) : gate.raisingCondition(behind: count)
            guardCondition = "\(condition) and \(guardCondition)"
        }
        switch form {
        case .procedure:
            return "call \(expression)"
        case .scalar:
            let value =
                shape == .nothing || function.isRecord || !function.columns.isEmpty
                ? (shape == .nothing ? expression : "pg_catalog.to_json(\(expression))")
                : columns.document(expression, type: function.result)
            guard shape != .nothing else { return "select \(value) where \(guardCondition)" }
            let bounded = bound.statement([value])
            return "\(bounded.beginning) where \(guardCondition)\(bounded.end)"
        case .single(let values):
            let bounded = bound.statement(values)
            return
                "\(bounded.beginning) from (select \(expression) as v where \(guardCondition) offset 0) as "
                + "\(Self.row)\(bounded.end)"
        case .set(let value, let tail):
            // A single OUT or TABLE column makes a scalar of the row, which gets its name only from this list.
            let names = function.columns.map { SQLText.identifier($0.name) }.joined(separator: ", ")
            let alias = function.hasOutParameters ? "\(Self.row)(\(names))" : Self.row
            let bounded = bound.statement([value])
            return
                "\(bounded.beginning) from \(expression) as \(alias) where \(guardCondition)\(tail)\(bounded.end)"
        }
    }

    /// The statement's possible checks and settings. If the server can inline a set's function into the statement, its
    /// reads of the caller's settings can precede the condition that makes them: partitions are chosen when the
    /// statement starts.
    package var gates: ProcedurePlan.Gates {
        switch form {
        case .procedure: .none
        case .scalar, .single: .setsCaller
        case .set: call.function.isSQL ? .looksOnly : .setsCaller
        }
    }

    /// Whether the absence of rows shows that the gate was shut; otherwise it is an error.
    package var isShutByNoRow: Bool {
        switch form {
        case .scalar, .single: true
        case .procedure, .set: false
        }
    }

    private static func single(
        _ function: FunctionDefinition, _ options: PlanOptions, _ columns: ResultColumns
    ) throws(PlanFault) -> (Form, ResultShape) {
        let results = options.results
        if function.result.oid == TypeOID.void {
            guard results == .auto else {
                throw PlanFault("results: \(results) needs a result, but \(function.signature) returns none")
            }
            return (.scalar, .nothing)
        }
        if function.isWAMPResult(of: options.interfaceSchema), results == .auto {
            return (.single(["(\(row).v).args", "(\(row).v).kwargs"]), .result)
        }
        let isObject = !function.columns.isEmpty || function.isRecord
        let isJSON = TypeOID.isJSON(function.result.base)
        let shape: ResultShape
        switch results {
        case .auto: shape = isObject ? .row : .value
        case .value: shape = .value
        case .rows: shape = .rows
        case .row:
            guard isObject || isJSON else { throw notFitting(results, "an object", function) }
            shape = .row
        case .args:
            guard isJSON || function.result.isArray else { throw notFitting(results, "an array", function) }
            shape = .arguments
        case .kwargs:
            guard isObject || isJSON else { throw notFitting(results, "an object", function) }
            shape = .keywordArguments
        }
        if function.isSingleColumn, let column = function.columns.first {
            return (.single([columns.object([column]) { _ in "\(row).v" }]), shape)
        }
        if function.columns.contains(where: { columns.isSpecial($0.type) }) {
            let object = columns.object(function.columns) { "(\(row).v).\(SQLText.identifier($0.name))" }
            return (.single(["case when \(row).v is distinct from null then \(object) end"]), shape)
        }
        if function.columns.isEmpty, columns.repeats(function.result) {
            return (.single([columns.document("\(row).v", type: function.result)]), shape)
        }
        return (.scalar, shape)
    }

    private static func notFitting(
        _ results: PlanOptions.Results, _ what: String, _ function: FunctionDefinition
    ) -> PlanFault {
        PlanFault("results: \(results) needs \(what), but \(function.signature) returns \(function.result.display)")
    }

    private static func set(
        _ function: FunctionDefinition, _ results: PlanOptions.Results, _ columns: ResultColumns
    ) throws(PlanFault) -> (Form, ResultShape) {
        let isObject = !function.columns.isEmpty || TypeOID.isJSON(function.result.base)
        if results == .row || results == .kwargs, !isObject { throw notFitting(results, "objects", function) }
        let isPlain =
            !function.isSingleColumn && !function.columns.contains { columns.isSpecial($0.type) }
        let document: String
        if function.columns.isEmpty {
            document = columns.document(row, type: function.result)
        } else if isPlain {
            document = "pg_catalog.to_json(\(Alias.row.whole))"
        } else {
            document = columns.object(function.columns) { Alias.row.column($0.name) }
        }
        switch results {
        case .auto, .rows: return (.set(document, tail: ""), .rows)
        case .row: return (.set(document, tail: " limit 1"), .row)
        case .kwargs: return (.set(document, tail: " limit 1"), .keywordArguments)
        case .args: return (.set("coalesce(pg_catalog.json_agg(\(document)), '[]')", tail: ""), .arguments)
        case .value:
            guard function.columns.count == 1, let column = function.columns.first else {
                return (.set(document, tail: " limit 1"), .value)
            }
            let value = columns.document(Alias.row.column(column.name), type: column.type)
            return (.set(value, tail: " limit 1"), .value)
        }
    }
}

extension FunctionDefinition {
    /// True for a record whose columns the catalog does not know.
    fileprivate var isRecord: Bool {
        result.oid == TypeOID.record && columns.isEmpty
    }

    /// True if the result is one OUT or TABLE column, which the server makes a scalar.
    fileprivate var isSingleColumn: Bool {
        hasOutParameters && columns.count == 1 && result.oid != TypeOID.record
    }

    /// True for the SQL interface's composite type of arguments and keyword arguments.
    fileprivate func isWAMPResult(of schema: String) -> Bool {
        result.schema == schema && result.name == "result" && columns.map(\.name) == ["args", "kwargs"]
            && columns.allSatisfy { TypeOID.isJSON($0.type.base) }
    }
}

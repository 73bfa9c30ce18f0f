package import Postgres

/// The SQL text of a function's call, the basis of each generated statement.
///
/// Every name is qualified and quoted; values are parameters. See ``guardCondition`` for how a changed definition is
/// noticed.
package struct FunctionCall: Sendable {
    /// The called function.
    package let function: FunctionDefinition

    /// Takes the function as the catalog describes it.
    package init(_ function: FunctionDefinition) {
        self.function = function
    }

    /// A condition that is true as long as the function is the one that was looked up, and an error once it has been
    /// dropped and created again (0A000) or the columns of its result have changed (42601, 42804).
    ///
    /// The server folds it away when it plans the statement, so it costs nothing in a call; and it plans again when the
    /// function or the type has changed, so the error comes before anything has run. Without it a call by position
    /// could give its values to parameters that have changed places, and a function that has become a set would give
    /// one row.
    package var guardCondition: String {
        "case when \(regprocedure) operator(pg_catalog.=) \(function.oid)::pg_catalog.oid then true "
            + "when \(Self.folding) is null then false\(resultGuard) end"
    }

    /// Notices a column that a composite type (or the table of that name) has gained or lost. It is never computed: the
    /// constant of type regclass makes the server analyse the statement again after ALTER TABLE or ALTER TYPE, which
    /// fails if the columns have changed.
    private var resultGuard: String {
        let type = function.result
        guard type.kind == .composite, !function.hasOutParameters, function.isResultNameable, !function.columns.isEmpty
        else { return "" }
        return " when \(SQLText.literal(type.sql))::pg_catalog.regclass is null then "
            + SQLText.columnCheck("(null::\(type.sql)).*", function.columns)
    }

    /// An expression that the server tries to compute while planning, and can't: units of time that a timestamp without
    /// time zone does not have are "not supported" (0A000) in every version.
    private static let folding =
        "pg_catalog.date_part('timezone', '2000-01-01'::pg_catalog.timestamp)"

    /// The function's oid by name, resolved whenever the server analyses the statement.
    private var regprocedure: String {
        let types = function.parameters.filter { $0.mode != .output }.map(\.type.sql)
        let name = SQLText.qualified(function.schema, function.name)
        return SQLText.literal("\(name)(\(types.joined(separator: ",")))") + "::pg_catalog.regprocedure"
    }

    /// The call's expression (or the text after CALL), with values for some of the parameters.
    ///
    /// The first parameters are in positional notation as long as none is left out, later ones in named notation.
    /// - Parameter isGiven: true for a parameter that gets a value; the others have defaults.
    package func expression(_ isGiven: (Int) -> Bool) -> String {
        var arguments: [String] = []
        var number = 0
        var isPositional = true
        var needsGuard = function.isProcedure
        for (index, parameter) in function.parameters.enumerated() {
            var argument: String
            if parameter.mode == .output {
                argument = "null::\(parameter.type.sql)"
            } else if isGiven(index) {
                number += 1
                let conversion = ArgumentConversion(parameter.type)
                argument =
                    function.isProcedure
                    ? conversion.sqlForCall(number, type: parameter.type) : conversion.sql(number, type: parameter.type)
                if needsGuard {
                    // CALL allows a condition only in its arguments.
                    argument =
                        "case when \(regprocedure) operator(pg_catalog.=) \(function.oid)::pg_catalog.oid "
                        + "then \(argument) when \(Self.folding) is null then null end"
                    needsGuard = false
                }
            } else {
                isPositional = false
                continue
            }
            if !isPositional, let name = parameter.name {
                argument = "\(SQLText.identifier(name)) => \(argument)"
            }
            arguments.append((parameter.mode == .variadic ? "variadic " : "") + argument)
        }
        return "\(SQLText.qualified(function.schema, function.name))(\(arguments.joined(separator: ", ")))"
    }
}

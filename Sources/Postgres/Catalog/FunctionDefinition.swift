/// A function or procedure as the catalog describes it: everything that a call needs.
///
/// Two looks at the same function give equal definitions as long as nothing about it has changed, so `==` shows whether
/// an error came from a changed definition.
package struct FunctionDefinition: Sendable, Equatable {
    /// The oid in `pg_proc`; DROP and CREATE give it another one.
    package var oid: UInt32
    /// The schema's name, not quoted.
    package var schema: String
    /// The function's name, not quoted.
    package var name: String
    /// True if CALL runs it.
    package var isProcedure: Bool
    /// The parameters that a call gives, in order: IN, INOUT and VARIADIC; of a procedure also OUT, which CALL
    /// requires.
    package var parameters: [FunctionParameter]
    /// True for SETOF and TABLE.
    package var returnsSet: Bool
    /// The type of the result, or of one row of a set.
    package var result: TypeDefinition
    /// False if the calling role lacks USAGE on the schema of the result's type; then no statement can name the type.
    package var isResultNameable: Bool
    /// True if its language is SQL: the server may inline its body into the statement that calls it.
    package var isSQL: Bool
    /// The columns of the result: OUT, INOUT and TABLE parameters, or the attributes of the composite type. Empty for a
    /// scalar, and for a record whose columns are not known.
    package var columns: [FunctionColumn]
    /// True if the columns are OUT, INOUT or TABLE parameters.
    package var hasOutParameters: Bool
    /// The other functions of the same name in the same schema.
    package var overloads: [FunctionOverload]
    /// The function with its parameters and defaults, for messages: `public.add2(a integer, b integer DEFAULT 1)`.
    package var signature: String

    /// Takes the facts; the defaults are those of a plain function.
    package init(
        oid: UInt32, schema: String, name: String, isProcedure: Bool = false, parameters: [FunctionParameter],
        returnsSet: Bool = false, result: TypeDefinition, isResultNameable: Bool = true,
        isSQL: Bool = false, columns: [FunctionColumn] = [],
        hasOutParameters: Bool = false, overloads: [FunctionOverload] = [], signature: String
    ) {
        self.oid = oid
        self.schema = schema
        self.name = name
        self.isProcedure = isProcedure
        self.parameters = parameters
        self.returnsSet = returnsSet
        self.result = result
        self.isResultNameable = isResultNameable
        self.isSQL = isSQL
        self.columns = columns
        self.hasOutParameters = hasOutParameters
        self.overloads = overloads
        self.signature = signature
    }
}

/// A parameter of a function that a call can give a value for (or, of a procedure, must make room for).
package struct FunctionParameter: Sendable, Equatable {
    /// nil if it has none; then it is given by position.
    package var name: String?
    /// The direction of its values.
    package var mode: Mode
    /// The parameter's type; of VARIADIC the array.
    package var type: TypeDefinition
    /// True if a call can omit it.
    package var hasDefault: Bool

    /// The mode in `pg_proc.proargmodes`.
    package enum Mode: String, Sendable {
        case input = "i"
        case output = "o"
        case inputOutput = "b"
        case variadic = "v"
        case table = "t"
    }

    /// Takes the facts; the defaults are those of a plain parameter.
    package init(name: String?, mode: Mode = .input, type: TypeDefinition, hasDefault: Bool = false) {
        self.name = name
        self.mode = mode
        self.type = type
        self.hasDefault = hasDefault
    }
}

/// A column of a function's result.
package struct FunctionColumn: Sendable, Equatable {
    /// The column's name, not quoted.
    package var name: String
    /// The column's type.
    package var type: TypeDefinition

    /// Takes name and type.
    package init(name: String, type: TypeDefinition) {
        self.name = name
        self.type = type
    }
}

/// Another function of the same name, as far as it could make a call ambiguous.
package struct FunctionOverload: Sendable, Equatable {
    /// The parameters that a call gives, in order.
    package var parameters: [FunctionParameter]

    /// Takes the parameters.
    package init(parameters: [FunctionParameter]) {
        self.parameters = parameters
    }
}

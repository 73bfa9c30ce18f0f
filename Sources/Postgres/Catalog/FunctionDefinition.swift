/// A function or procedure as the catalog describes it: everything that is needed to call it.
///
/// Two looks at the same function give equal definitions as long as nothing about it has changed, so a caller can tell
/// from `==` whether an error came from a changed definition.
package struct FunctionDefinition: Sendable, Equatable {
    /// The oid in `pg_proc`; another one after DROP and CREATE.
    package var oid: UInt32
    /// The schema's name, not quoted.
    package var schema: String
    /// The function's name, not quoted.
    package var name: String
    /// True if it is called by CALL.
    package var isProcedure: Bool
    /// What can be given, in order: IN, INOUT and VARIADIC parameters; of a procedure also OUT, which CALL wants to see.
    package var parameters: [FunctionParameter]
    /// True for SETOF and TABLE.
    package var returnsSet: Bool
    /// The type of the result, or of one row of a set.
    package var result: TypeDefinition
    /// False if the role that calls may not use the schema of the result's type; then no statement can name the type.
    package var isResultNameable: Bool
    /// True if it is written in SQL: the server may take its body for a part of the statement that calls it.
    package var isSQL: Bool
    /// The columns of the result: OUT, INOUT and TABLE parameters, or the attributes of the composite type. Empty for a
    /// scalar, and for a record of which nothing is known.
    package var columns: [FunctionColumn]
    /// True if the columns are OUT, INOUT or TABLE parameters.
    package var hasOutParameters: Bool
    /// The other functions of the same name in the same schema.
    package var overloads: [FunctionOverload]
    /// The function with its parameters and defaults, for messages: `public.add2(a integer, b integer DEFAULT 1)`.
    package var signature: String

    /// Takes what is known; the defaults are those of a plain function.
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

/// A parameter of a function, one that a call can give a value for (or, of a procedure, has to make room for).
package struct FunctionParameter: Sendable, Equatable {
    /// nil if it has none; then it can be given by position only.
    package var name: String?
    /// Which way its values go.
    package var mode: Mode
    /// The parameter's type; of VARIADIC the array.
    package var type: TypeDefinition
    /// True if a call can leave it out.
    package var hasDefault: Bool

    /// What `pg_proc.proargmodes` says of it.
    package enum Mode: String, Sendable {
        case input = "i"
        case output = "o"
        case inputOutput = "b"
        case variadic = "v"
        case table = "t"
    }

    /// Takes what is known; the defaults are those of a plain parameter.
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

/// Another function of the same name, as far as a call could be taken for one of it.
package struct FunctionOverload: Sendable, Equatable {
    /// What can be given to it, in order.
    package var parameters: [FunctionParameter]

    /// Takes the parameters.
    package init(parameters: [FunctionParameter]) {
        self.parameters = parameters
    }
}

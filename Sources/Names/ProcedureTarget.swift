/// What runs when a procedure is called.
package enum ProcedureTarget: Sendable, Equatable {
    /// A function's name, or its signature where the name is overloaded: `shop.item_get(bigint)`.
    case function(FunctionReference)

    /// One SQL statement with `:name` parameters.
    case sql(StatementMapping)
}

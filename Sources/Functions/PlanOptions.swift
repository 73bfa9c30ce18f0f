/// The options of a mapping for its function's call.
package struct PlanOptions: Sendable, Equatable {
    /// The form of the function's arguments.
    package var convention: Convention
    /// The form of the result.
    package var results: Results
    /// The form of 64 bit integers.
    package var bigint: BigintFormat

    /// The limit of a row of the result.
    package var bound = ResultBound.unread
    /// The schema of the SQL interface: its type `result` is distinguished from others of that name.
    package var interfaceSchema = "wamp"
    /// A further condition, in SQL, that holds or fails before the function runs; nil for none.
    package var guardCondition: String?

    /// Takes the mapping's options; the defaults are those of the mapping file.
    package init(convention: Convention = .auto, results: Results = .auto, bigint: BigintFormat = .number) {
        self.convention = convention
        self.results = results
        self.bigint = bigint
    }

    /// The mapping's `convention`: the form of the function's arguments.
    package enum Convention: String, Sendable, CaseIterable {
        /// Raw for parameters named args, kwargs, details of type jsonb; else native.
        case auto
        /// As auto, but raw for any three parameters of type jsonb: the default of registrations from SQL.
        case registered
        /// The payload as it is.
        case raw
        /// A value for each parameter.
        case native
    }

    /// The mapping's `results`: the form of the function's result.
    package enum Results: String, Sendable, CaseIterable {
        /// The form that the result's type suggests.
        case auto
        /// One argument; of a set the first row's only column (or the row).
        case value
        /// One argument, an object; of a set the first row.
        case row
        /// One argument, an array of all rows.
        case rows
        /// The result is an array: its elements are the arguments. Of a set each row is one.
        case args
        /// The result is an object: its members are the keyword arguments. Of a set the first row.
        case kwargs
    }

    /// The mapping's `bigint`: the form of 64 bit integers in results. JavaScript rounds such numbers.
    package enum BigintFormat: String, Sendable, CaseIterable {
        case number, string
    }
}

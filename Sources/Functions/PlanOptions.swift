/// What a mapping says about how its function is called, beyond its name.
package struct PlanOptions: Sendable, Equatable {
    /// What the function's parameters get.
    package var convention: Convention
    /// What becomes of the result.
    package var results: Results
    /// How 64 bit integers are written.
    package var bigint: BigintFormat

    /// How large a row of the result may be.
    package var bound = ResultBound.unread
    /// Where the SQL interface is: its type `result` is told from others of that name.
    package var interfaceSchema = "wamp"
    /// A further condition, in SQL, that holds or fails before the function runs; nil for none.
    package var guardCondition: String?

    /// Takes the mapping's options; the defaults are those of the mapping file.
    package init(convention: Convention = .auto, results: Results = .auto, bigint: BigintFormat = .number) {
        self.convention = convention
        self.results = results
        self.bigint = bigint
    }

    /// The mapping's `convention`: what the function's parameters get.
    package enum Convention: String, Sendable, CaseIterable {
        /// Raw for parameters named args, kwargs, details of type jsonb; else native.
        case auto
        /// As auto, but raw for any three parameters of type jsonb: what SQL registers without a word about it.
        case registered
        /// The payload as it is.
        case raw
        /// A value for each parameter.
        case native
    }

    /// The mapping's `results`: what becomes of the function's result.
    package enum Results: String, Sendable, CaseIterable {
        /// What the result's type suggests.
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

    /// The mapping's `bigint`: how 64 bit integers of results are written. JavaScript rounds such numbers.
    package enum BigintFormat: String, Sendable, CaseIterable {
        case number, string
    }
}

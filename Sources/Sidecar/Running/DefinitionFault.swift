/// Why a procedure can't be called, whoever calls.
struct DefinitionFault: Error, Equatable, CustomStringConvertible {
    /// By this it becomes a WAMP error, as if the database had reported it.
    let sqlstate: String
    /// What is wrong, for callers.
    let finding: String
    /// The same, and what to do about it.
    let description: String

    init(sqlstate: String, description: String, finding: String? = nil) {
        self.sqlstate = sqlstate
        self.finding = finding ?? description
        self.description = description
    }
}

/// Why a procedure can't be called, whoever calls.
package struct DefinitionFault: Error, Equatable, CustomStringConvertible {
    /// By this it becomes a WAMP error, as if the database had reported it.
    package let sqlstate: String
    /// What is wrong, for callers.
    package let finding: String
    /// The same, and what to do about it.
    package let description: String

    package init(sqlstate: String, description: String, finding: String? = nil) {
        self.sqlstate = sqlstate
        self.finding = finding ?? description
        self.description = description
    }
}

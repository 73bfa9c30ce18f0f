/// Why a procedure can't be called, by any caller.
package struct DefinitionFault: Error, Equatable, CustomStringConvertible {
    /// The SQLSTATE by which it becomes a WAMP error, as if the database had reported it.
    package let sqlstate: String
    /// The fault, for callers.
    package let finding: String
    /// The fault and its remedy.
    package let description: String

    package init(sqlstate: String, description: String, finding: String? = nil) {
        self.sqlstate = sqlstate
        self.finding = finding ?? description
        self.description = description
    }
}

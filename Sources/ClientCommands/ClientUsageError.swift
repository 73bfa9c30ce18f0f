/// A wrong word on the command line of `call`, `publish` or `subscribe`, described for users.
package struct ClientUsageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The fault and the remedy.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A word on the command line of `call`, `publish` or `subscribe` that can't be right, in a user's words.
package struct ClientUsageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, and what to write.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

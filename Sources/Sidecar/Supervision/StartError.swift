/// Why the sidecar can't be started at all, in words that a user can act on.
package struct StartError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

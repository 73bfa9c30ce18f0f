/// How a command ended.
package enum ClientOutcome: Sendable, Equatable {
    /// It did what it was told to.
    case succeeded
    /// It did not; with what went wrong, a line each. No lines: the output says so already.
    case failed([String])
}

/// How a command ended.
package enum ClientOutcome: Sendable, Equatable {
    /// The command succeeded.
    case succeeded
    /// The command failed, for these reasons, a line each. No lines: the output contains the reason.
    case failed([String])
}

import Functions

/// How a sent event has ended.
enum EventAnswer: Sendable, Equatable {
    case committed
    /// The guard refused it: its predecessor has not been committed.
    case refused
    /// It did not run, or may not have.
    case failed(Verdict)
}

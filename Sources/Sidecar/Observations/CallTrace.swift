import NIOCore

/// What is reported of a call that has ended.
struct CallTrace {
    /// The procedure's URI in the mapping, or its pattern.
    let procedure: String
    /// The URI that was called, if the mapping has a pattern and the router reports it.
    let called: String?
    /// The time from the call's arrival to its answer.
    let duration: TimeAmount
    /// Whether that is slow.
    let isSlow: Bool
    /// The rows that the database returned.
    let rows: Int
    /// How it has ended, as the metrics name it.
    let result: String
    /// The URI of the error that it was answered with.
    let error: String?
    let sqlstate: String?
}

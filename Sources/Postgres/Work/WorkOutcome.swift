/// How a unit of work ended.
package enum WorkOutcome: Sendable, Equatable {
    /// Committed. The number of affected rows, where the command has one.
    case committed(affectedRows: Int?)
    /// The server refused it, or it failed; none of it is left in the database (unless it was a CALL that commits by
    /// itself).
    case failed(DatabaseError)
    /// It was interrupted, before or after it was sent; none of it is left in the database.
    case canceled
    /// It ran longer than its timeout; none of it is left in the database.
    case timedOut
    /// It did not run.
    case refused(Refusal)
    /// The connection was lost after it was sent: it may have been committed, or not.
    case unknown(reason: String)
}

/// Why the pool did not run a unit of work.
package enum Refusal: Sendable, Equatable {
    /// Too much work waits already.
    case queueIsFull
    /// No connection was free, or there was none, for as long as work may wait.
    case waitedTooLong(isDatabaseAvailable: Bool)
    /// Each session that it was sent to turned out not to be clean, again and again.
    case noCleanSession
    /// The pool is shutting down.
    case stopping
}

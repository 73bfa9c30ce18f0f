/// How a unit of work ended.
package enum WorkOutcome: Sendable, Equatable {
    /// Committed. The number of affected rows, where the command has one.
    case committed(affectedRows: Int?)
    /// The server refused it, or failed at it; nothing of it is left in the database (unless it was a CALL that commits
    /// by itself).
    case failed(DatabaseError)
    /// It was interrupted, before or after it was sent; nothing of it is left in the database.
    case canceled
    /// It ran longer than its timeout; nothing of it is left in the database.
    case timedOut
    /// It was not run.
    case refused(Refusal)
    /// The connection was lost after it was sent: it may have been committed, or not.
    case unknown(reason: String)
}

/// Why the pool did not run a unit of work.
package enum Refusal: Sendable, Equatable {
    /// Too many are waiting already.
    case queueIsFull
    /// No connection was free, or there was none, for as long as work may wait.
    case waitedTooLong(isDatabaseAvailable: Bool)
    /// Each session that it was sent to had something left behind in it, again and again.
    case noCleanSession
    /// The pool is shutting down.
    case stopping
}

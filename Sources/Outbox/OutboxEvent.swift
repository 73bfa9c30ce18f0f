package import NIOCore

/// The reports of the relay and of the leadership.
package enum OutboxEvent: Equatable {
    /// An event is refused for the moment; its topic waits.
    case eventHeld(topic: String, event: Int64, reason: String, retryIn: TimeAmount)
    /// So many topics are refused for one reason: they wait together.
    case topicsHeld(count: Int, reason: String)
    /// Topics that waited together are tried again.
    case topicsReleased(count: Int)
    /// A transaction that does not end makes the relay's scans slower. Either a backend's or a prepared one.
    case heldBack(backend: String, prepared: String, database: String, user: String, application: String)
    /// The outbox's ids were set back.
    case idsSetBack
    /// An event becomes a dead letter.
    case deadLetter(topic: String, event: Int64, reason: String)
    /// The relay begins, and many events wait.
    case backlogFound
    /// So much of a backlog was sent up to now.
    case backlogShrinks(OutboxProgress)
    /// All of it was.
    case backlogOver(OutboxProgress)
    case eventsPublishedTwice(atLeast: Int)
    case eventsFoundAsleep(Int)
    case deadLettersExpired(Int)
    case relayFailed(statement: String, reason: String)
    /// It is read again.
    case relayRecovered
    /// The database does not say how much waits in it.
    case figuresUnknown(reason: String)

    case leading
    /// Another sidecar leads.
    case standby(LeaderHolder)
    /// The former leader gave no sign of life; its session was asked to end, and may hang.
    case leaderTerminated(backend: Int32)
    /// A session of another role holds, or waits for, the former lock of leaders; and so many are not looked at.
    case leaderLockTaken(Stranger, others: Int)
}

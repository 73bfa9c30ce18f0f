internal import NIOCore

/// What a connection belongs to. All on the event loop.
protocol ConnectionOwner: AnyObject {
    /// A segment's sync is in: the work is committed, or rolled back with `error`.
    func ended(_ work: Work, error: DatabaseError?, affectedRows: Int?, ran: TimeAmount, on connection: Connection)
    /// All results that were there have been taken: time to send more.
    func turnEnded(on connection: Connection)
    /// The connection is gone. For each unit of work that was under way: the error that the server had reported for it,
    /// if it had.
    func lost(_ connection: Connection, reason: String?, unanswered: [(work: Work, error: DatabaseError?)])
    /// The session was put in order, or could not be: then the connection is retiring.
    func resetEnded(on connection: Connection)
    /// The session could not be put in order; the work that was to be sent after that was not, and the connection has
    /// been lost.
    func notSent(_ work: Work)
    /// A NOTIFY came. The payload's bytes are valid only during the call.
    func notified(channel: String, payload: UnsafeRawBufferPointer, on connection: Connection)
    /// The connection is closed; ends libpq's side of it where that may block.
    func finish(_ handle: ConnectionHandle)
}

extension ConnectionOwner {
    // Only the pool's connections run functions.
    func resetEnded(on connection: Connection) {}
    func notSent(_ work: Work) {}
}

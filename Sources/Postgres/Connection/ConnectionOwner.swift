internal import NIOCore

/// The owner of a connection. All on the event loop.
protocol ConnectionOwner: AnyObject {
    /// A segment's sync is in: the work is committed, or rolled back with `error`.
    func ended(_ work: Work, error: DatabaseError?, affectedRows: Int?, ran: TimeAmount, on connection: Connection)
    /// All results that had come have been taken: time to send more.
    func turnEnded(on connection: Connection)
    /// The connection is lost. For each unit of work that was under way: the error that the server had reported for it,
    /// if any.
    func lost(_ connection: Connection, reason: String?, unanswered: [(work: Work, error: DatabaseError?)])
    /// The session was put in order, or that failed: then the connection is retiring.
    func resetEnded(on connection: Connection)
    /// The session could not be put in order. The work that would have followed was not sent, and the connection has
    /// been lost.
    func notSent(_ work: Work)
    /// A NOTIFY came. The payload's bytes are valid only during the call.
    func notified(channel: String, payload: UnsafeRawBufferPointer, on connection: Connection)
    /// The connection is closed; frees libpq's side of it where that may block.
    func finish(_ handle: ConnectionHandle)
}

extension ConnectionOwner {
    // Only the pool's connections run functions.
    func resetEnded(on connection: Connection) {}
    func notSent(_ work: Work) {}
}

/// A change of state on the database's side that is worth a line in the log.
package enum DatabaseEvent: Sendable {
    case connected(ConnectionSettings.Part, backend: Int32, serverVersion: Int32)
    /// An attempt failed, and the part has no connection.
    case connectFailed(ConnectionSettings.Part, ConnectFailure)
    /// An attempt failed, and the part has other connections.
    case connectionMissing(ConnectionSettings.Part, ConnectFailure)
    /// After that, no connection is missing any more.
    case connectionsComplete(ConnectionSettings.Part)
    case lost(ConnectionSettings.Part, reason: String)
    /// The first connection for calls is open.
    case callsAvailable
    /// The last connection for calls is lost.
    case callsUnavailable(reason: String)
    /// The listener has run LISTEN for all its channels.
    case listening(channels: Int)
}

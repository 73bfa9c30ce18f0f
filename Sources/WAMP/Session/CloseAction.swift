/// What to do when the session is to be ended by us.
package enum CloseAction: Sendable, Equatable {
    /// Send this, wait a few seconds for ``ReceivedAction/closed``, then close the connection.
    case send(Goodbye)
    /// Close the connection: there is no session to say goodbye to.
    case closeConnection
    /// It is being closed.
    case wait
}

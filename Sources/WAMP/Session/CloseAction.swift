/// What to do when we want to end the session.
package enum CloseAction: Sendable, Equatable {
    /// Send this, wait a few seconds for ``ReceivedAction/closed``, then close the connection.
    case send(Goodbye)
    /// Close the connection: there is no session to say goodbye to.
    case closeConnection
    /// Nothing: it is being closed.
    case wait
}

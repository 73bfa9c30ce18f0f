/// Why a connection must be closed, once the written output is sent.
package enum WireEnd: Sendable, Equatable {
    /// The client asked for it.
    case terminated
    /// The connection was opened to cancel another one's query, which is not supported: closing the query's connection
    /// is.
    case cancelRequest
    /// Wrong password, or no such user. The answer must be delayed.
    case authenticationFailed(user: String)
    /// The client got this error.
    case failed(WireError)
}

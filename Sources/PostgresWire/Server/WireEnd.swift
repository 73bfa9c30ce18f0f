/// Why a connection is to be closed, once what was written for it is sent.
package enum WireEnd: Sendable, Equatable {
    /// The client said so.
    case terminated
    /// It came to cancel another's query, which is not how it's done here: the query's own connection is closed.
    case cancelRequest
    /// Wrong password, or no such user. To be told slowly.
    case authenticationFailed(user: String)
    /// It was told this error.
    case failed(WireError)
}

/// Why a rare query has no answer.
package enum QueryFailure: Error, Sendable, Equatable, CustomStringConvertible {
    case server(DatabaseError)
    case unavailable(String)

    /// Nil if there is no failure.
    init?(_ outcome: WorkOutcome) {
        switch outcome {
        case .committed: return nil
        case .failed(let error): self = .server(error)
        case .canceled, .timedOut: self = .unavailable("the query was canceled")
        case .refused: self = .unavailable("there is no connection to the database")
        case .unknown(let reason): self = .unavailable(reason)
        }
    }

    package var description: String {
        switch self {
        case .server(let error): error.description
        case .unavailable(let reason): reason
        }
    }
}

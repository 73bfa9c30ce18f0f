/// The reaction to lost answers of the router, and with them lost ids: one new session, in which everything is
/// requested again, and no further one until all is well.
enum LostAnswers: Equatable {
    case none
    /// A session was given up for one.
    case sessionGivenUp
    /// A session was given up for one, and in the next it has happened again.
    case repeated

    /// One was lost. Returns whether the session must be given up.
    mutating func happened() -> Bool {
        switch self {
        case .none:
            self = .sessionGivenUp
            return true
        case .sessionGivenUp, .repeated:
            self = .repeated
            return false
        }
    }

    /// The session is lost.
    mutating func left() {
        switch self {
        case .none, .sessionGivenUp: break
        case .repeated: self = .sessionGivenUp
        }
    }

    /// The router has answered for everything.
    mutating func settled() {
        switch self {
        case .none, .repeated: break
        case .sessionGivenUp: self = .none
        }
    }
}

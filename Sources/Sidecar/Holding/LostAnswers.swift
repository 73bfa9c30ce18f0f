/// What is done about answers of the router that were lost with the ids in them: one new session, in which all is asked for again; not
/// another one until all is well.
enum LostAnswers: Equatable {
    case none
    /// A session was given up for one.
    case sessionGivenUp
    /// A session was given up for one, and in the next it has happened again.
    case repeated

    /// One was lost. Returns whether the session is to be given up.
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

    /// The session is gone.
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

/// The demand of work on its connection. See ``PoolStateMachine``.
enum Claim: Equatable {
    /// A place behind other work is enough.
    case shared
    /// Nothing may be sent behind it, and it may follow nothing.
    case exclusive
    /// As exclusive; its duration depends on its reader.
    case stream
    /// As exclusive, for as long as it is held.
    case lease

    var isShared: Bool {
        switch self {
        case .shared: true
        case .exclusive, .stream, .lease: false
        }
    }
}

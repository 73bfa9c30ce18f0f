/// What work asks of its connection. See ``PoolStateMachine``.
enum Claim: Equatable {
    /// A place behind other work will do.
    case shared
    /// Nothing may be sent behind it, nor it behind anything.
    case exclusive
    /// As exclusive; how long it takes depends on who reads it.
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

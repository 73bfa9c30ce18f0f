/// What the sidecar found of the SQL interface in the database.
enum SQLInterface: Equatable {
    /// It has not been looked at, or could not be.
    case unknown
    /// There is none.
    case absent
    /// It is there and can be used.
    case installed
    /// It is there, but must not be used, and why.
    case refused(String)

    /// Whether the outbox can be emptied, events buried and registrations read.
    var isUsable: Bool {
        switch self {
        case .installed: true
        case .unknown, .absent, .refused: false
        }
    }
}

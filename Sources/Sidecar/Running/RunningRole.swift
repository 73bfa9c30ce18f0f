import Postgres

/// As which role a function of a mapping runs, and who says so.
struct RunningRole {
    /// Its name.
    let name: String
    private let origin: String

    /// - Parameter own: the sidecar's role; empty until the database has told it.
    init(_ definition: ProcedureDefinition, own: String) {
        if let role = definition.role {
            self.name = role
            self.origin = "the role \(role) of its mapping"
        } else if let guest = definition.guest {
            self.name = guest
            self.origin = "\(guest), as all that low roles registered"
        } else {
            self.name = own
            self.origin = own.isEmpty ? "the sidecar's role" : "the sidecar's role \(own)"
        }
    }

    /// An error's message; where a right is missing, whose.
    func message(_ error: DatabaseError) -> String {
        guard error.sqlstate == CallFailure.notAllowed else { return error.message }
        return "\(error.message); it ran as \(self.origin) (what is SECURITY DEFINER runs as its owner): grant what is "
            + "missing, or let it run as another role"
    }

    /// The same for who runs the database, with the server's hint.
    func explain(_ error: DatabaseError) -> String {
        error.hint.map { "\(self.message(error)); \($0)" } ?? self.message(error)
    }
}

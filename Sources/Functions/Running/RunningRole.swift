package import Postgres

/// As which role a function of a mapping runs, and who says so.
package struct RunningRole {
    /// Its name.
    package let name: String
    private let origin: String

    /// - Parameters:
    ///   - role: the one that the mapping names.
    ///   - guest: the one of the sessions that run what a low role registered.
    ///   - own: the sidecar's role; empty until the database has named it.
    package init(role: String?, guest: String?, own: String) {
        if let role {
            self.name = role
            self.origin = "the role \(role) of its mapping"
        } else if let guest {
            self.name = guest
            self.origin = "\(guest), as all that low roles registered"
        } else {
            self.name = own
            self.origin = own.isEmpty ? "the sidecar's role" : "the sidecar's role \(own)"
        }
    }

    /// An error's message; where a right is missing, whose.
    package func message(_ error: DatabaseError) -> String {
        guard error.sqlstate == CallFailure.notAllowed else { return error.message }
        return "\(error.message); it ran as \(self.origin) (what is SECURITY DEFINER runs as its owner): grant what is "
            + "missing, or let it run as another role"
    }

    /// The same for who runs the database, with the server's hint.
    package func explain(_ error: DatabaseError) -> String {
        error.hint.map { "\(self.message(error)); \($0)" } ?? self.message(error)
    }
}

package import Postgres

/// The role that runs a mapping's function, and the origin of that choice.
package struct RunningRole {
    /// Its name.
    package let name: String
    private let origin: String

    /// - Parameters:
    ///   - role: the one that the mapping names.
    ///   - guest: the role of the sessions that run the functions of low roles.
    ///   - own: the sidecar's role; empty until the database has reported it.
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

    /// An error's message; if a right is missing, with the role that lacks it.
    package func message(_ error: DatabaseError) -> String {
        guard error.sqlstate == CallFailure.notAllowed else { return error.message }
        return "\(error.message); it ran as \(self.origin) (a SECURITY DEFINER function runs as its owner): grant the "
            + "missing right, or run it as another role"
    }

    /// The same for the database's administrator, with the server's hint.
    package func explain(_ error: DatabaseError) -> String {
        error.hint.map { "\(self.message(error)); \($0)" } ?? self.message(error)
    }
}

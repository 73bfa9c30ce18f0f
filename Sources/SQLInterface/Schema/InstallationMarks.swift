import Postgres

/// The comments by which `install` knows again what it made.
///
/// A comment on a role, or on an extension, can be set only by who administers it. A table's rows are no proof: whoever
/// owns the table writes them.
struct InstallationMarks: Sendable, Equatable {
    /// On the role that owns the schema.
    let owner: String
    /// On the role that the sidecar connects as.
    let sidecar: String
    /// On the role that runs what low roles registered.
    let guest: String
    /// On the extension dblink, and on the schema that was made for it.
    let dblink: String
    /// How the owner's comment begins in whatever database it was made: roles belong to all of them.
    let ownerAnywhere: String
    /// How the guest's comment begins, likewise.
    let guestAnywhere: String

    /// Takes names that are not quoted.
    init(schema: String, database: String) {
        let name = SQLText.identifier(schema)
        let place = "(database \(SQLText.identifier(database)))"
        self.ownerAnywhere = "made by wamp-sidecar install to own schema \(name) "
        self.owner = self.ownerAnywhere + place
        self.sidecar = "made by wamp-sidecar install for the sidecar of schema \(name) \(place)"
        self.guestAnywhere = "made by wamp-sidecar install to run what low roles registered in schema \(name) "
        self.guest = self.guestAnywhere + place
        self.dblink = "made by wamp-sidecar install for schema \(name)"
    }
}

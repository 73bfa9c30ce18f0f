import Postgres

/// The comments by which `install` recognizes its own objects.
///
/// Only an administrator of a role, or of an extension, can set its comment. A table's rows are no proof: the table's
/// owner writes them.
struct InstallationMarks: Sendable, Equatable {
    /// On the role that owns the schema.
    let owner: String
    /// On the role that the sidecar connects as.
    let sidecar: String
    /// On the role that runs the functions of low roles.
    let guest: String
    /// On the extension dblink, and on the schema made for it.
    let dblink: String
    /// The beginning of the owner's comment in any database: roles belong to all databases.
    let ownerAnywhere: String
    /// The beginning of the guest's comment, likewise.
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

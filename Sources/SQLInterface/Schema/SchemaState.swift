/// The state of the SQL interface in the sidecar's database.
package enum SchemaState: Sendable, Equatable {
    /// There is no interface: neither relay nor port can work. The reason and the remedy.
    case notInstalled(String)
    /// This binary can work with it.
    case installed(InstalledSchema)
    /// This binary must leave it alone. The reason and the remedy.
    case refused(String)

    /// The interface, if it may be used.
    package var usable: InstalledSchema? {
        switch self {
        case .installed(let schema): schema.isOriginal ? schema : nil
        case .notInstalled, .refused: nil
        }
    }
}

/// The SQL interface of a database.
package struct InstalledSchema: Sendable, Equatable {
    /// The version of its tables and functions.
    package let version: Int
    /// False in a copy of the database that it was installed in: then neither relay nor port may work.
    package let isOriginal: Bool
    /// The schema that holds dblink; nil if `call`, `autonomous` and `acknowledge` can't work.
    package let dblinkSchema: String?
    /// The roles that may publish and call.
    package let publishers: [String]
    /// The roles that may register and subscribe.
    package let registrars: [String]
    /// Whether the connecting role owns the schema: one role for everything.
    package let isOwned: Bool
}

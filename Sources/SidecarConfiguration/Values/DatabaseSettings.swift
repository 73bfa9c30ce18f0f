package import Postgres

/// The section `database`: where the database is, and how much of it may be used.
package struct DatabaseSettings: Sendable {
    /// What becomes of the registrations while the database is away.
    package enum OnDatabaseLoss: String, Sendable, CaseIterable {
        case keep, unregister
    }

    /// Where the section's key stands.
    package let location: Location

    /// What `url` says, with the password if that is given beside it. Where neither has one it is left to libpq
    /// (PGPASSWORD, ~/.pgpass).
    package let connection: Located<ConnectionSettings>

    /// The connections that run calls.
    package let connections: Int

    /// How many calls may be under way on one connection.
    package let pipeline: Int

    /// How many calls may wait for a connection.
    package let queue: Int

    /// How long a call may wait for a connection.
    package let queueTimeout: Duration

    /// What becomes of the registrations while the database is away.
    package let onDatabaseLoss: OnDatabaseLoss

    /// The schema of the SQL interface.
    package let schema: String

    /// Where the schema's name stands, or the section if it is not named.
    package let schemaLocation: Location

    /// The roles that may publish and call. `PUBLIC` is everybody. nil where the file doesn't say.
    package let grantTo: [String]?

    /// The roles that may register and subscribe, likewise.
    package let registerTo: [String]?
}

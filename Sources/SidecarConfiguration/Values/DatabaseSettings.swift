package import Postgres

/// The section `database`: the address of the database, and the limits of its use.
package struct DatabaseSettings: Sendable {
    /// The treatment of registrations while the database is unreachable.
    package enum OnDatabaseLoss: String, Sendable, CaseIterable {
        case keep, unregister
    }

    /// The place of the section's key.
    package let location: Location

    /// The parsed `url`, with the password if that is given separately. Without either it is left to libpq (PGPASSWORD,
    /// ~/.pgpass).
    package let connection: Located<ConnectionSettings>

    /// The number of connections that run calls.
    package let connections: Int

    /// The most calls under way on one connection.
    package let pipeline: Int

    /// The most calls that may wait for a connection.
    package let queue: Int

    /// How long a call may wait for a connection.
    package let queueTimeout: Duration

    /// The treatment of registrations while the database is unreachable.
    package let onDatabaseLoss: OnDatabaseLoss

    /// The schema of the SQL interface.
    package let schema: String

    /// The roles that may publish and call. `PUBLIC` is everybody. nil if the file has no such key.
    package let grantTo: [String]?

    /// The roles that may register and subscribe, likewise.
    package let registerTo: [String]?
}

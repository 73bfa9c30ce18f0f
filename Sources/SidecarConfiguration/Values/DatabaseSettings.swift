/// The section `database`: where the database is, and how much of it may be used.
package struct DatabaseSettings: Sendable {
    /// What becomes of the registrations while the database is away.
    package enum OnDatabaseLoss: String, Sendable, CaseIterable {
        case keep, unregister
    }

    /// Where the section's key stands.
    package let location: Location

    /// A libpq URI or keyword string; it may hold a password, so it is kept like one.
    package let url: Located<Secret>

    /// The password if it isn't part of the URL; nil leaves it to libpq (PGPASSWORD, ~/.pgpass).
    package let password: Secret?

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

    /// The roles that may publish and call. `PUBLIC` is everybody. nil where the file doesn't say.
    package let grantTo: [String]?

    /// The roles that may register and subscribe, likewise.
    package let registerTo: [String]?
}

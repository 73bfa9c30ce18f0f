/// What `sidecar.yaml` says, checked whole: nothing in it is missing, of a wrong type, out of bounds or in
/// contradiction with something else. Made by `ConfigurationFile.load`.
package struct Configuration: Sendable {
    /// The file as the user named it: the beginning of messages about places in it.
    package let path: String

    /// The WAMP router, and how to log in there.
    package let router: RouterSettings

    /// The database, and how much of it may be used.
    package let database: DatabaseSettings

    /// Which procedure is which function, in the order of the file.
    package let procedures: [ProcedureMapping]

    /// Which events run which function, in the order of the file.
    package let subscriptions: [SubscriptionMapping]

    /// What a NOTIFY on a channel becomes, in the order of the file.
    package let notifications: [NotificationMapping]

    /// The port that the database calls out through; nil: there is none.
    package let caller: CallerSettings?

    /// How events that SQL published are sent.
    package let outbox: OutboxSettings

    /// How long what couldn't be delivered is kept.
    package let deadLetterKeep: Duration

    /// The port at which the sidecar can be looked at; nil: there is none.
    package let admin: AdminSettings?

    /// How long running calls may take to finish when the process is told to stop.
    package let shutdownTimeout: Duration

    /// What is logged, and how.
    package let log: LogSettings

    /// A place in the file as messages show it: `sidecar.yaml:12:3`.
    package func place(_ location: Location) -> String { "\(self.path):\(location)" }
}

/// The section `log`.
package struct LogSettings: Sendable, Equatable {
    /// From which severity on something is logged.
    package enum Level: String, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error
    }

    /// How a line of the log looks: for people, or one JSON object each.
    package enum Format: String, Sendable, CaseIterable {
        case text, json
    }

    /// The least severity that is logged.
    package let level: Level

    /// How lines look.
    package let format: Format
}

/// The content of `sidecar.yaml`, completely checked: nothing in it is missing, of a wrong type, out of bounds or in
/// contradiction with something else. Made by `ConfigurationFile.load`.
package struct Configuration: Sendable {
    /// The file as the user named it: the beginning of messages about places in it.
    package let path: String

    /// The WAMP router, and how to log in there.
    package let router: RouterSettings

    /// The database, and the limits of its use.
    package let database: DatabaseSettings

    /// The procedures and their functions, in the order of the file.
    package let procedures: [ProcedureMapping]

    /// The subscriptions and their functions, in the order of the file.
    package let subscriptions: [SubscriptionMapping]

    /// The channels and the effects of their notifications, in the order of the file.
    package let notifications: [NotificationMapping]

    /// The port through which the database calls out; nil: there is none.
    package let caller: CallerSettings?

    /// The sending of events that SQL published.
    package let outbox: OutboxSettings

    /// How long dead letters are kept.
    package let deadLetterKeep: Duration

    /// The port at which the sidecar can be looked at; nil: there is none.
    package let admin: AdminSettings?

    /// How long running calls may take to finish when the process gets the signal to stop.
    package let shutdownTimeout: Duration

    /// The settings of the log.
    package let log: LogSettings

    /// When the file is read again.
    package let reload: ReloadPolicy

    /// The files that were read, this one first: the file itself, and those that it names.
    package internal(set) var files: [WatchedFile]

    /// A place in the file as messages show it: `sidecar.yaml:12:3`.
    package func place(_ location: Location) -> String { "\(self.path):\(location)" }
}

/// When the file is read again while the sidecar runs.
package enum ReloadPolicy: String, Sendable, CaseIterable {
    /// On SIGHUP, and when it has changed, or a file that it names.
    case watch
    /// On SIGHUP only.
    case signal
}

/// The section `log`.
package struct LogSettings: Sendable, Equatable {
    /// The severities, of which the least logged one is chosen.
    package enum Level: String, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error
    }

    /// The format of a log line: for people, or one JSON object each.
    package enum Format: String, Sendable, CaseIterable {
        case text, json
    }

    /// The least severity that is logged.
    package let level: Level

    /// The format of lines.
    package let format: Format

    /// Calls that take at least so long are logged; nil: none because of that.
    package let slow: Duration?

    /// Takes the values of a file.
    package init(level: Level, format: Format, slow: Duration? = nil) {
        self.level = level
        self.format = format
        self.slow = slow
    }
}

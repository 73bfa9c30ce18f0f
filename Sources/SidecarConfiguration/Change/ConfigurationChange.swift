/// How a file differs from the one before, and what follows from that.
package struct ConfigurationChange {
    /// How another value of a key takes effect.
    enum Way: Sendable {
        /// It holds from then on.
        case atOnce
        /// By new sessions with the router and the database.
        case newSessions
        /// Not while the process runs. It says where the key stands.
        case restart(@Sendable (Configuration) -> Location)
    }

    /// The procedures that differ.
    package let procedures: EntryChanges<ProcedureMapping>

    /// The subscriptions that differ.
    package let subscriptions: EntryChanges<SubscriptionMapping>

    /// The notifications that differ.
    package let notifications: EntryChanges<NotificationMapping>

    /// The other keys whose value is used from now on, with their sections': `log.level`.
    package private(set) var atOnce: [String] = []

    /// Those whose value is used by new sessions with both sides.
    package private(set) var newSessions: [String] = []

    /// Those whose value can't change while the process runs: such a file is refused.
    package private(set) var refused: [Fault] = []

    /// Whether other roles than before may use the SQL interface.
    package var isOfRights: Bool {
        self.atOnce.contains { ["database.grant_to", "database.register_to"].contains($0) }
    }

    /// Compares a file with the one before.
    package init(from old: Configuration, to new: Configuration) {
        self.procedures = EntryChanges(from: old.procedures, to: new.procedures)
        self.subscriptions = EntryChanges(from: old.subscriptions, to: new.subscriptions)
        self.notifications = EntryChanges(from: old.notifications, to: new.notifications)
        for setting in SingleSetting.all where !setting.isSame(old, new) {
            switch setting.way {
            case .atOnce: self.atOnce.append(setting.name)
            case .newSessions: self.newSessions.append(setting.name)
            case .restart(let location):
                self.refused.append(
                    Fault(
                        file: new.path, location: location(new),
                        problem: "\(setting.name) is another one than the sidecar runs with",
                        remedy: "restart the sidecar, or set it back"))
            }
        }
    }
}

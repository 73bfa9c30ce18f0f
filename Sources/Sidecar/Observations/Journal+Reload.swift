import Logging
import SidecarConfiguration

/// What becomes of a configuration that was read again.
extension Journal {
    func record(_ change: ConfigurationChange) {
        let keys = change.atOnce + change.newSessions
        var metadata: Logger.Metadata = [
            Key.procedures: .number(change.procedures.count), Key.subscriptions: .number(change.subscriptions.count),
            Key.channels: .number(change.notifications.count),
        ]
        if !keys.isEmpty { metadata[Key.keys] = "\(keys.joined(separator: " "))" }
        guard !change.newSessions.isEmpty else {
            return self.log(.info, "configuration reloaded", metadata: metadata)
        }
        self.log(.notice, "configuration reloaded: new sessions with both sides begin", metadata: metadata)
    }

    func record(_ faults: [Fault]) {
        self.log(
            .error, "configuration not reloaded: the one before stays in force",
            metadata: [Key.faults: .number(faults.count)])
        for fault in faults { self.log(.error, "fault of the configuration", metadata: [Key.reason: "\(fault)"]) }
    }
}

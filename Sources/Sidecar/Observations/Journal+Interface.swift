import Logging
import SQLInterface

/// The messages about the state of the SQL interface, and its installation.
extension Journal {
    func record(_ outcome: SelfInstallation.Outcome) {
        for line in outcome.done { self.log(.notice, "SQL interface", metadata: [Key.done: "\(line)"]) }
        for line in outcome.faults + outcome.warnings {
            self.log(.warning, "SQL interface", metadata: [Key.reason: "\(line)"])
        }
        switch outcome.state {
        case .notInstalled(let reason):
            self.log(.info, "no SQL interface", metadata: [Key.reason: "\(reason)"])
        case .installed(let schema):
            self.log(.info, "SQL interface found", metadata: [Key.version: "\(schema.version)"])
        case .refused(let reason):
            self.log(.error, "SQL interface not used", metadata: [Key.reason: "\(reason)"])
        }
    }
}

import Logging
import Postgres

/// The messages of the connections to the database.
extension Journal {
    func record(_ event: DatabaseEvent) {
        switch event {
        case .connected(let part, let backend, let version):
            self.failures[part] = nil
            self.log(
                .debug,
                "database connected",
                metadata: [
                    Key.part: "\(part.rawValue)", Key.backend: .number(backend), Key.serverVersion: .number(version),
                ])
        case .connectFailed(let part, let failure):
            let isNews = self.failures.updateValue(failure.description, forKey: part) != failure.description
            self.log(
                isNews ? .warning : .debug, "database not available",
                metadata: [Key.part: "\(part.rawValue)", Key.reason: "\(failure)"])
        case .lost(let part, let reason):
            self.log(
                .warning,
                "database connection lost", metadata: [Key.part: "\(part.rawValue)", Key.reason: "\(reason)"])
        case .callsAvailable:
            self.log(.info, "database available")
        case .callsUnavailable(let reason):
            self.log(.warning, "database lost", metadata: [Key.reason: "\(reason)"])
        case .listening(let channels):
            self.log(.info, "listening for notifications", metadata: [Key.channels: .number(channels)])
        }
    }
}

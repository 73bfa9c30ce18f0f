import Logging
import Postgres

/// The messages of the connections to the database.
extension Journal {
    func record(_ event: DatabaseEvent) {
        switch event {
        case .connected(let part, let backend, let version):
            // The listener and the leader have lines of their work.
            let isNews =
                switch part {
                case .calls, .guests, .control, .check, .script: self.outages.ended(.database(part))
                case .listener, .leader: false
                }
            self.log(
                isNews ? .info : .debug, "database connected",
                metadata: [
                    Key.part: "\(part.rawValue)", Key.backend: .number(backend), Key.serverVersion: .number(version),
                ])
        case .connectFailed(let part, let failure):
            self.outages.ended(.connections(part))
            self.log(
                self.level(.warning, of: .database(part), failure.description), "database not available",
                metadata: [Key.part: "\(part.rawValue)", Key.reason: "\(failure)"])
        case .connectionMissing(let part, let failure):
            self.log(
                self.level(.warning, of: .connections(part), failure.description),
                "database connections missing",
                metadata: [Key.part: "\(part.rawValue)", Key.reason: "\(failure)"])
        case .connectionsComplete(let part):
            self.outages.ended(.connections(part))
            self.log(.info, "database connections complete", metadata: [Key.part: "\(part.rawValue)"])
        case .lost(let part, let reason):
            self.log(
                self.level(.warning, of: part == .leader ? .leaderSession : .database(part), reason),
                "database connection lost",
                metadata: [Key.part: "\(part.rawValue)", Key.reason: "\(reason)"])
        case .callsAvailable:
            self.outages.ended(.database(.calls))
            self.log(.info, "database available")
        case .callsUnavailable(let reason):
            self.log(.warning, "database lost", metadata: [Key.reason: "\(reason)"])
        case .listening(let channels):
            self.outages.ended(.database(.listener))
            self.log(.info, "listening for notifications", metadata: [Key.channels: .number(channels)])
        }
    }
}

import Postgres

/// What the reports of the database's side change.
extension Situation {
    mutating func take(_ event: DatabaseEvent) {
        switch event {
        case .callsAvailable:
            self.isDatabaseAvailable = true
            self.databaseObstacles[.calls] = nil
        case .callsUnavailable(let reason):
            self.isDatabaseAvailable = false
            self.databaseObstacles[.calls] = Obstacle(reason: reason)
        case .listening:
            self.isListening = true
            self.databaseObstacles[.listener] = nil
            self.listenings += 1
        case .lost(.listener, let reason):
            self.isListening = false
            self.databaseObstacles[.listener] = Obstacle(reason: reason)
        case .connectFailed(let part, let failure):
            self.databaseObstacles[part] = Obstacle(reason: failure.description)
        case .connected(let part, _, _):
            if part == .control { self.lookupSessions += 1 }
            // The listener has to listen, too.
            if part != .listener { self.databaseObstacles[part] = nil }
        case .connectionMissing, .connectionsComplete, .lost:
            break
        }
    }
}

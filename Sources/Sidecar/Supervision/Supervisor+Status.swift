import CallPort

/// How things stand, for people.
extension Supervisor {
    /// One row, a column each.
    var status: [CallPortAnswer.Field] {
        let role: String
        switch self.leadership.role {
        case .unknown: role = "unknown"
        case .leader: role = "leader"
        case .standby(let holder): role = "standby; \(holder) leads"
        }
        return [
            CallPortAnswer.Field(name: "version", value: Sidecar.version),
            CallPortAnswer.Field(name: "router", value: self.caller?.peer == nil ? "not joined" : "joined"),
            CallPortAnswer.Field(name: "database", value: self.isDatabaseAvailable ? "available" : "not available"),
            CallPortAnswer.Field(name: "leadership", value: role),
            CallPortAnswer.Field(name: "sessions", value: "\(self.caller?.sessions ?? 0)"),
        ]
    }
}

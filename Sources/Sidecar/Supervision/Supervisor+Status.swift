import Outbox

/// How things stand, for people.
extension Supervisor {
    /// One row, a column each.
    var status: [CallerAnswer.Field] {
        let role: String
        switch self.leadership.role {
        case .unknown: role = "unknown"
        case .leader: role = "leader"
        case .standby(let holder): role = "standby; \(holder) leads"
        }
        return [
            CallerAnswer.Field(name: "version", value: Sidecar.version),
            CallerAnswer.Field(name: "router", value: self.caller?.peer == nil ? "not joined" : "joined"),
            CallerAnswer.Field(name: "database", value: self.isDatabaseAvailable ? "available" : "not available"),
            CallerAnswer.Field(name: "leadership", value: role),
            CallerAnswer.Field(name: "sessions", value: "\(self.caller?.sessions ?? 0)"),
        ]
    }
}

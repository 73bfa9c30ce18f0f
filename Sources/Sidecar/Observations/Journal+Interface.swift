import Logging

/// What was found of the SQL interface, and done about it.
extension Journal {
    func record(_ outcome: SelfInstallation.Outcome) {
        for line in outcome.done { self.logger.notice("SQL interface", metadata: [Key.done: "\(line)"]) }
        for line in outcome.warnings { self.logger.warning("SQL interface", metadata: [Key.reason: "\(line)"]) }
        switch outcome.state {
        case .notInstalled(let reason):
            self.logger.info("no SQL interface", metadata: [Key.reason: "\(reason)"])
        case .installed(let schema):
            self.logger.info("SQL interface found", metadata: [Key.version: "\(schema.version)"])
        case .refused(let reason):
            self.logger.error("SQL interface not used", metadata: [Key.reason: "\(reason)"])
        }
    }
}

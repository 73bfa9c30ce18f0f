import NIOCore
import Postgres
import SQLInterface
import SidecarConfiguration

/// Checks whether the SQL interface has all that the file needs. Installs nothing.
enum InterfaceCheck {
    /// - Returns: its findings. Fails if the database can't be queried.
    static func run(_ configuration: Configuration, eventLoop: any EventLoop) -> EventLoopFuture<CheckFindings> {
        let database = configuration.database
        let connector = Connector(connections: 1)
        let installation = SelfInstallation(database)
        return connector.run(on: eventLoop) {
            try installation.run(installs: false, on: try ScriptConnection(database.connection.value))
        }.map { outcome in withExtendedLifetime(connector) { self.findings(outcome, configuration) } }
    }

    private static func findings(_ outcome: SelfInstallation.Outcome, _ configuration: Configuration) -> CheckFindings {
        let database = configuration.database
        let place = configuration.place(database.location)
        func lines(_ texts: [String]) -> [String] {
            texts.map { "\(place): SQL interface: \($0.split(separator: "\n").joined(separator: " "))" }
        }
        switch outcome.state {
        case .refused:
            return CheckFindings(faults: lines(outcome.faults(of: configuration)))
        case .notInstalled(let reason):
            if outcome.pending != nil {
                let missing = outcome.missingDblink.flatMap { configuration.caller == nil ? nil : $0 }
                return CheckFindings(
                    faults: lines(missing.map { [$0] } ?? []),
                    remarks: lines([reason] + outcome.warnings.filter { $0 != missing }))
            }
            let faults = outcome.faults(of: configuration)
            return CheckFindings(faults: lines(faults), remarks: faults.isEmpty ? lines([reason]) : [])
        case .installed(let schema):
            var findings = CheckFindings(faults: lines(outcome.faults(of: configuration)))
            if let caller = configuration.caller, schema.dblinkSchema == nil {
                findings.faults.append(
                    "\(configuration.place(caller.location)): caller: dblink is not installed; wamp-sidecar install "
                        + "installs it"
                )
            }
            return findings
        }
    }
}

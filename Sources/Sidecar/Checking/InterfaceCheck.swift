import NIOCore
import Postgres
import SidecarConfiguration

/// Looks whether the SQL interface can do what the file wants of it. Installs nothing.
enum InterfaceCheck {
    /// - Returns: what is wrong, a line each. Fails where the database can't be asked.
    static func run(_ configuration: Configuration, eventLoop: any EventLoop) throws -> EventLoopFuture<[String]> {
        let database = configuration.database
        let settings = try ConnectionSettings(url: database.url.value.reveal(), password: database.password?.reveal())
        let connector = Connector(connections: 1)
        return SelfInstallation.run(
            settings, schema: database.schema, grantTo: database.grantTo, registerTo: database.registerTo,
            installs: false, on: connector, eventLoop: eventLoop
        ).map { outcome in withExtendedLifetime(connector) { self.faults(outcome, configuration) } }
    }

    private static func faults(_ outcome: SelfInstallation.Outcome, _ configuration: Configuration) -> [String] {
        let database = configuration.database
        let place = configuration.place(database.location)
        switch outcome.state {
        case .refused(let reason):
            return ["\(place): SQL interface: \(reason)"]
        case .notInstalled(let reason):
            let isWanted = configuration.caller != nil || !database.grantTo.isEmpty || !database.registerTo.isEmpty
            return isWanted ? ["\(place): SQL interface: \(reason)"] : []
        case .installed(let schema):
            var faults = outcome.warnings.map { "\(place): SQL interface: \($0)" }
            if let caller = configuration.caller, schema.dblinkSchema == nil {
                faults.append(
                    "\(configuration.place(caller.location)): caller: dblink is not there; wamp-sidecar install makes it"
                )
            }
            return faults
        }
    }
}

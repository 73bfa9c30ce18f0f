import SQLInterface
import SidecarConfiguration

extension SelfInstallation {
    /// Takes what the file says.
    init(_ settings: DatabaseSettings) {
        self.init(
            schema: settings.schema, grantTo: settings.grantTo, registerTo: settings.registerTo,
            binary: Sidecar.version)
    }
}

extension SelfInstallation.Outcome {
    /// What a file wants of the SQL interface and it does not do, a line each.
    func faults(of configuration: Configuration) -> [String] {
        switch self.state {
        case .refused(let reason): [reason]
        case .notInstalled(let reason): configuration.wantsInterface ? [reason] : []
        case .installed: self.faults
        }
    }
}

extension Configuration {
    /// Whether something in the file needs the SQL interface. What SQL publishes and registers needs nothing in the file.
    var wantsInterface: Bool {
        self.caller != nil || !(self.database.grantTo ?? []).isEmpty || !(self.database.registerTo ?? []).isEmpty
    }
}

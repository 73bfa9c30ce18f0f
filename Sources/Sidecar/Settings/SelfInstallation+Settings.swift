import SQLInterface
import SidecarConfiguration

extension SelfInstallation {
    /// Takes the file's settings.
    init(_ settings: DatabaseSettings) {
        self.init(
            schema: settings.schema, grantTo: settings.grantTo, registerTo: settings.registerTo,
            binary: Sidecar.version)
    }
}

extension SelfInstallation.Outcome {
    /// The requirements of a file that the SQL interface does not fulfil, a line each.
    func faults(of configuration: Configuration) -> [String] {
        switch self.state {
        case .refused(let reason): [reason]
        case .notInstalled(let reason): configuration.wantsInterface ? [reason] : []
        case .installed: self.faults
        }
    }
}

extension Configuration {
    /// Whether something in the file needs the SQL interface. Publishing and registering by SQL need nothing in the
    /// file.
    var wantsInterface: Bool {
        self.caller != nil || !(self.database.grantTo ?? []).isEmpty || !(self.database.registerTo ?? []).isEmpty
    }
}

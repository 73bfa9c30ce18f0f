import Functions
import Postgres
package import SidecarConfiguration

/// The part of `check` that needs neither side: settings of a valid file that may not be intended.
package enum FileCheck {
    /// - Returns: warnings, in the order of the file.
    package static func run(_ configuration: Configuration) -> CheckFindings {
        self.run(configuration, home: .current)
    }

    static func run(_ configuration: Configuration, home: HomeCheck) -> CheckFindings {
        var findings = CheckFindings()
        let router = configuration.router
        if let tls = router.tls, tls.verify == .none {
            findings.warnings.append(
                "\(configuration.place(router.location)): router: the router's certificate is not verified: whoever is "
                    + "on the way can read and change everything; leave 'verify' out, and name its authority in "
                    + "'ca_file'"
            )
        }
        let database = configuration.database
        if let warning = home.warning(database.connection.value.filesOfHome) {
            findings.warnings.append("\(configuration.place(database.connection.location)): database: \(warning)")
        }
        return findings.sorted(path: configuration.path)
    }
}

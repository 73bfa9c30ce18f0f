import ArgumentParser
import Postgres
import SQLInterface
import Sidecar
import SidecarConfiguration

/// `wamp-sidecar install`.
struct Install: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Install the SQL interface in a database, or upgrade it.",
        usage: "wamp-sidecar install --admin-url <admin-url> [<options>]",
        discussion: """
            Makes a role that owns the interface, the role that the sidecar connects as, the schema, the extension \
            dblink and what wamp.call needs of it. What exists already is kept, what is not asked for does not \
            change, and each right that is given or taken is named. All of it is one transaction. Exit status: 0 on \
            success, 1 on failure, and then nothing was changed.

            The password of a role that has none is read from --role-password-file, or else from the variable \
            WAMP_ROLE_PASSWORD. The server gets only what it stores of it, and --print shows none.

            EXAMPLES:
              wamp-sidecar install --admin-url postgresql://postgres@db.example.com/app
              wamp-sidecar install --admin-url postgresql:///app \\
                  --grant-to shop --register-to shop_owner
              wamp-sidecar install --admin-url postgresql:///app --revoke-from shop
              wamp-sidecar install --admin-url postgresql:///app --config sidecar.yaml
              wamp-sidecar install --admin-url postgresql:///app --print
            """)

    @OptionGroup var database: AdministratedDatabase

    @Option(
        name: [.customShort("c"), .long],
        help: """
            A configuration file. Its database.schema holds if --schema is not given, and the roles that it names \
            get the rights too.
            """,
        completion: .configurationFile
    )
    var config: String?

    @Option(name: .long, help: "The role that the sidecar connects as. (default: the interface's current one, or wamp)")
    var role: String?

    @Flag(name: .long, help: "Let --role replace the interface's current one, which loses its rights.")
    var replaceRole = false

    @Option(name: .long, help: "A file with the password that the role gets if it has none.", completion: .file())
    var rolePasswordFile: String?

    @Option(name: .long, help: "A role that may publish and call from now on; PUBLIC is everybody. Repeat it for more.")
    var grantTo: [String] = []

    @Option(name: .long, help: "A role that may register and subscribe from now on. Repeat it for more.")
    var registerTo: [String] = []

    @Option(
        name: .long,
        help: "A role that loses both, except what --grant-to or --register-to gives it. Repeat it for more.")
    var revokeFrom: [String] = []

    @Option(
        name: .long,
        help: """
            ROLE=com.example.x.: the role may register and subscribe only beneath this prefix. Repeat it for more; \
            ROLE= takes the role's prefixes away.
            """
    )
    var registerPrefix: [String] = []

    @Flag(name: .long, help: "Make a copied database an original.")
    var adopt = false

    @Flag(name: .long, help: "Only print the statements that would be run.")
    var print = false

    func run() throws {
        try Console.attempt {
            let file = try self.config.map { try Console.load($0).database }
            let connection = try self.database.connect()
            let schema = self.database.schema ?? file?.schema ?? AdministratedDatabase.usualSchema
            let role = self.role ?? Self.usualRole
            let request = InstallationRequest(
                schema: schema, role: role, isRoleGiven: self.role != nil, replacesRole: self.replaceRole,
                verifier: try self.password().map { try connection.verifier(password: $0, role: role) },
                grantTo: self.grantTo + self.kept(file?.grantTo),
                registerTo: self.registerTo + self.kept(file?.registerTo),
                revokeFrom: self.revokeFrom, registerPrefixes: try RegisterPrefixes.read(self.registerPrefix),
                adopts: self.adopt)
            let installer = Installer(binary: Sidecar.version)
            if self.print {
                Swift.print(try installer.script(request, on: connection))
                return
            }
            let report = try self.install(by: installer, request, on: connection)
            if report.done.isEmpty { Swift.print("nothing to do: schema \(schema) is up to date") }
            report.warnings.forEach { Console.complain("note: \($0)") }
            report.next.forEach { Swift.print("next: \($0)") }
        }
    }

    /// On a terminal each step gets its line when it is done, elsewhere when all are.
    private func install(
        by installer: Installer, _ request: InstallationRequest, on connection: borrowing ScriptConnection
    ) throws -> Installer.Report {
        guard Console.isOnTerminal else {
            let report = try installer.run(request, on: connection)
            report.done.forEach(self.show)
            return report
        }
        var isAnyDone = false
        do {
            return try installer.run(request, on: connection) { progress in
                switch progress {
                case .done(let deed):
                    isAnyDone = true
                    self.show(deed)
                case .beginsAgain:
                    let undone = isAnyDone ? "; what is done above was taken back" : ""
                    isAnyDone = false
                    Console.complain("note: another session is in the way\(undone): it begins again")
                }
            }
        } catch {
            if isAnyDone { Console.complain("note: what is done above was taken back: it is one transaction") }
            throw error
        }
    }

    private func show(_ deed: InstallationDeed) { Swift.print("\(deed.verb): \(deed.title)") }

    private static let usualRole = "wamp"

    /// The roles that the file names, without those that an option revokes something from.
    private func kept(_ names: [String]?) -> [String] {
        (names ?? []).filter { !self.revokeFrom.contains($0) }
    }

    private func password() throws -> String? {
        if let file = self.rolePasswordFile { return try Console.firstLine(of: file) }
        return Console.environment["WAMP_ROLE_PASSWORD"].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// The database and the schema, for the commands of administrators.
struct AdministratedDatabase: ParsableArguments {
    @Option(name: .long, help: "A libpq URL or keyword string of an administrator; PGPASSWORD and ~/.pgpass apply.")
    var adminUrl: String

    @Option(name: .long, help: "The schema of the interface. (default: wamp)")
    var schema: String?

    static let usualSchema = "wamp"

    func connect() throws -> ScriptConnection {
        let connection = try ScriptConnection(ConnectionSettings(url: self.adminUrl, password: nil))
        // The database's owner may have set another one, in which their own operators precede the catalog's.
        try connection.run("set search_path = pg_catalog, pg_temp")
        return connection
    }
}

import ArgumentParser
import Postgres
import Sidecar
import SidecarConfiguration

/// `wamp-sidecar install`.
struct Install: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Install the SQL interface in a database, or upgrade it.",
        discussion: """
            Makes a role that owns the interface, the role that the sidecar connects as, the schema, the extension dblink \
            and what wamp.call needs of it; whatever is there already is kept, and running it again changes nothing. All of \
            it is one transaction. Exit status: 0 if all is well, 1 if not, and then nothing was changed.

            The password of a new role is read from --role-password-file, or else from the variable WAMP_ROLE_PASSWORD. \
            The server gets only what it stores of it.

            EXAMPLES:
              wamp-sidecar install --admin-url postgresql://postgres@db.example.com/app
              wamp-sidecar install --admin-url postgresql://postgres@db.example.com/app --grant-to shop --register-to shop_owner
              wamp-sidecar install --admin-url postgresql://postgres@db.example.com/app --config sidecar.yaml
              wamp-sidecar install --admin-url postgresql://postgres@db.example.com/app --print
            """)

    @OptionGroup var database: AdministratedDatabase

    @Option(
        name: [.customShort("c"), .long],
        help:
            "A configuration file whose database.schema, grant_to and register_to hold where no option says otherwise.")
    var config: String?

    @Option(name: .long, help: "The role that the sidecar connects as.")
    var role = "wamp"

    @Option(name: .long, help: "A file with the password that the role gets if it is new.")
    var rolePasswordFile: String?

    @Option(name: .long, help: "A role that may publish and call; PUBLIC is everybody. Repeat it for more.")
    var grantTo: [String] = []

    @Option(name: .long, help: "A role that may register and subscribe. Repeat it for more.")
    var registerTo: [String] = []

    @Option(
        name: .long,
        help:
            "ROLE=com.example.x.: the role may register and subscribe only beneath it. Repeat it for more; ROLE= ends it."
    )
    var registerPrefix: [String] = []

    @Flag(name: .long, help: "Make a copied database one of its own.")
    var adopt = false

    @Flag(name: .long, help: "Only print the statements that would be run.")
    var print = false

    func run() throws {
        try Console.attempt {
            let file = try self.config.map { try Console.load($0).database }
            let connection = try self.database.connect()
            let request = InstallationRequest(
                schema: self.database.schema ?? file?.schema ?? AdministratedDatabase.usualSchema, role: self.role,
                verifier: try self.password().map { try connection.verifier(password: $0, role: self.role) },
                grantTo: self.grantTo.isEmpty ? file?.grantTo : self.grantTo,
                registerTo: self.registerTo.isEmpty ? file?.registerTo : self.registerTo,
                registerPrefixes: try RegisterPrefixes.read(self.registerPrefix), adopts: self.adopt)
            if self.print {
                Swift.print(try Installer.script(request, on: connection))
                return
            }
            let report = try Installer.run(request, on: connection)
            report.done.forEach { Swift.print("done: \($0)") }
            report.warnings.forEach { Console.complain("note: \($0)") }
        }
    }

    private func password() throws -> String? {
        if let file = self.rolePasswordFile { return try Console.firstLine(of: file) }
        return Console.environment["WAMP_ROLE_PASSWORD"].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// The database and the schema, as the commands take them that an administrator runs.
struct AdministratedDatabase: ParsableArguments {
    @Option(name: .long, help: "A libpq URL or keyword string of an administrator; PGPASSWORD and ~/.pgpass apply.")
    var adminUrl: String

    @Option(name: .long, help: "The schema of the interface. (default: wamp)")
    var schema: String?

    static let usualSchema = "wamp"

    func connect() throws -> ScriptConnection {
        let connection = try ScriptConnection(ConnectionSettings(url: self.adminUrl, password: nil))
        // The database's owner may have set another one, in which its own operators stand in front of the catalog's.
        try connection.run("set search_path = pg_catalog, pg_temp")
        return connection
    }
}

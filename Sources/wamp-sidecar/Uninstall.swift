import ArgumentParser
import Postgres
import SQLInterface

/// `wamp-sidecar uninstall`.
struct Uninstall: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove the SQL interface, with all the data in it.",
        usage: "wamp-sidecar uninstall --admin-url <admin-url> [<options>]",
        discussion: """
            Reports first what would go and what would stay, and why; removes it only with --yes. The extension \
            dblink goes if install made it and nothing else uses it, the roles that install made go if they own \
            nothing else. From roles that stay, the rights that install gave are taken back. Exit status: 0 if it is \
            done (or printed), 1 if not.

            EXAMPLES:
              wamp-sidecar uninstall --admin-url postgresql://postgres@db.example.com/app
              wamp-sidecar uninstall --admin-url postgresql:///app --yes
            """)

    @OptionGroup var database: AdministratedDatabase

    @Flag(name: .long, help: "Only print the statements that would be run.")
    var print = false

    @Flag(name: .long, help: "Remove it.")
    var yes = false

    func run() throws {
        try Console.attempt {
            let connection = try self.database.connect()
            let schema = self.database.schema ?? AdministratedDatabase.usualSchema
            let uninstaller = try Uninstaller(schema: schema, on: connection)
            if self.print {
                Swift.print(uninstaller.script)
                return
            }
            let loss = uninstaller.loss
            Swift.print(
                """
                schema \(schema) holds \(loss.outbox) events that are not published, \
                \(loss.deadLetters) dead letters, \(loss.mappings) registrations and subscriptions
                """)
            loss.dependents.forEach { Swift.print("with it goes: \($0)") }
            if !loss.grantees.isEmpty {
                Swift.print("with it go the rights in it of: \(loss.grantees.joined(separator: ", "))")
            }
            guard self.yes else {
                uninstaller.prospect.forEach { Swift.print("would be \($0.verb): \($0.title)") }
                uninstaller.kept.forEach { Swift.print("would stay: \($0)") }
                Console.complain("nothing is done without --yes")
                Console.end(.failure)
            }
            let report = try uninstaller.run(on: connection)
            report.done.forEach { Swift.print("\($0)") }
            report.warnings.forEach { Console.complain("note: \($0)") }
        }
    }
}

import ArgumentParser
import Names
import Sidecar
import SidecarConfiguration

/// `wamp-sidecar check`.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the configuration file, and with --connect both sides.",
        discussion: """
            Every fault is a line with its place in the file. A 'warning:' is something that works but may not be \
            intended, and is no fault. Exit status: 0 if there are no faults, 1 if --connect found some, 78 if the \
            file is faulty.

            EXAMPLES:
              wamp-sidecar check sidecar.yaml
              wamp-sidecar check sidecar.yaml --connect
            """)

    @OptionGroup var options: CheckedFile

    @Flag(name: .long, help: "Also look the functions up in the database, and join the router.")
    var connect = false

    func run() async throws {
        let configuration = try Console.load(self.options.config)
        do {
            try await Sidecar.rehearse(configuration)
        } catch {
            Console.end(because: error)
        }
        let connected = self.connect ? try await ConnectedCheck.run(configuration) : CheckFindings()
        let findings = FileCheck.run(configuration) + connected
        findings.faults.forEach(Console.complain)
        findings.warnings.forEach { Console.complain("warning: \($0)") }
        findings.remarks.forEach { Console.complain("note: \($0)") }
        guard findings.faults.isEmpty else { Console.end(.failure) }
        let mapped = [
            Quantity(configuration.procedures.count, "procedure"),
            Quantity(configuration.subscriptions.count, "subscription"),
            Quantity(configuration.notifications.count, "notification"),
        ].map(\.description).joined(separator: ", ")
        print("\(self.options.config): no faults (\(mapped)\(self.connect ? "; database and router answered" : ""))")
        Console.end(.success)
    }
}

/// The file to check: behind `--config`, or a word without an option.
struct CheckedFile: ParsableArguments {
    @Argument(help: "The configuration file. (default: sidecar.yaml)", completion: .configurationFile)
    var file: String?

    @Option(
        name: [.customShort("c"), .customLong("config")], help: "The configuration file, as for the other commands.",
        completion: .configurationFile)
    var named: String?

    var config: String { self.file ?? self.named ?? "sidecar.yaml" }

    func validate() throws {
        if self.file != nil, self.named != nil { throw ValidationError("name one file, with --config or without") }
    }
}

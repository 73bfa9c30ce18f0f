import ArgumentParser
import Glibc
import Sidecar

/// `wamp-sidecar`: the command line.
@main
struct WampSidecar: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wamp-sidecar",
        abstract: "Makes a PostgreSQL database a peer of a WAMP network.",
        discussion: """
            Functions of the database become WAMP procedures, and its notifications become WAMP events and calls. \
            One YAML file says which; see docs/mapping.md.

            EXAMPLES:
              Check the file:
                wamp-sidecar check sidecar.yaml
              Check that the functions, the rights and the router are there:
                wamp-sidecar check sidecar.yaml --connect
              Run until SIGTERM:
                wamp-sidecar run --config sidecar.yaml
              Install the SQL interface, to publish, call and register in SQL:
                wamp-sidecar install --admin-url postgresql://..
              Call a procedure, as any WAMP peer does:
                wamp-sidecar call com.example.add2 2 3
            """,
        version: BuildInformation.own.description,
        subcommands: [
            Run.self, Check.self, Install.self, Uninstall.self, Call.self, Publish.self, Subscribe.self,
            DeadLetter.self, Completions.self,
        ])

    /// As the protocol does, with a hint for command lines with `-2` (a number can't be distinguished from an option)
    /// or an unknown command.
    static func main() async {
        if let number = self.firstArgumentThatIsNotText() {
            Console.complain(
                "Error: argument \(number) is not UTF-8, as WAMP's texts are. Is the terminal's locale another one?")
            self.exit(withError: ExitCode.validationFailure)
        }
        do {
            var command = try self.parseAsRoot()
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch {
            if let unknown = UnknownCommand(in: Array(CommandLine.arguments.dropFirst()), of: self) {
                Console.complain("Error: \(unknown.message)\n  See '\(unknown.place) --help' for more information.")
                self.exit(withError: ExitCode.validationFailure)
            }
            if self.message(for: error).wholeMatch(of: /Unknown option '-[0-9.].*'/) != nil {
                Console.complain("Write -- before arguments that begin with a dash: -- -2 3")
            }
            self.exit(withError: error)
        }
    }

    /// Swift replaces what is not UTF-8, so another text than the one meant would be sent.
    private static func firstArgumentThatIsNotText() -> Int? {
        for number in 1..<max(Int(CommandLine.argc), 1) {
            guard let argument = unsafe CommandLine.unsafeArgv[number] else { continue }
            let bytes = unsafe UnsafeRawBufferPointer(start: argument, count: strlen(argument))
            if unsafe String(validating: bytes, as: UTF8.self) == nil { return number }
        }
        return nil
    }
}

/// The configuration file, as every command takes it.
struct ConfigurationOption: ParsableArguments {
    @Option(name: [.customShort("c"), .long], help: "The configuration file.", completion: .configurationFile)
    var config = "sidecar.yaml"
}

import ArgumentParser
import ClientCommands
import Sidecar
import SidecarConfiguration

/// The router that `call`, `publish` and `subscribe` join.
struct ClientOptions: ParsableArguments {
    @Option(
        name: [.customShort("c"), .long],
        help: "A configuration file, of which only the section 'router' is read. (default: sidecar.yaml)",
        completion: .configurationFile)
    var config: String?

    @Option(name: .long, help: "The router's URL, e.g. ws://127.0.0.1:8080/ws, instead of a file.")
    var url: String?

    @Option(name: .long, help: "With --url: the realm to join.")
    var realm: String?

    @Option(
        name: .long,
        help: """
            With --url: the name to log in as, with the ticket in the variable WAMP_TICKET, or the secret of \
            WAMP-CRA in WAMP_SECRET.
            """
    )
    var authid: String?

    func validate() throws {
        if self.url == nil {
            if self.realm != nil || self.authid != nil { throw ValidationError("--realm and --authid go with --url") }
        } else {
            if self.config != nil { throw ValidationError("--config can't be combined with --url") }
            if self.realm == nil { throw ValidationError("--url needs --realm, the realm to join") }
        }
    }

    /// Runs it, and ends the process: with 0, with 1 and the error, 64 if the command line is wrong, 78 if the file is.
    ///
    /// - Parameter command: the command whose usage is shown if the command line is wrong.
    func run(
        _ command: any ParsableCommand.Type, _ make: () throws(ClientUsageError) -> ClientCommand
    ) async throws -> Never {
        let (work, target): (ClientCommand, ClientTarget)
        do {
            work = try make()
            target = try self.target()
        } catch let faults as ConfigurationFaults {
            let code = Console.faulty(faults)
            if self.config == nil, faults.faults.allSatisfy({ $0.location == nil }) {
                Console.complain("without a file: --url ws://127.0.0.1:8080/ws --realm realm1, see --help")
            }
            throw code
        } catch let error as ClientUsageError {
            throw Console.misused(command, error.description)
        }
        switch await Client.run(work, at: target, note: Console.complain) {
        case .succeeded:
            Console.end(.success)
        case .failed(let faults):
            faults.forEach(Console.complain)
            Console.end(.failure)
        }
    }

    private func target() throws -> ClientTarget {
        let environment = Console.environment
        guard let url = self.url, let realm = self.realm else {
            return try ClientTarget(
                file: self.config ?? "sidecar.yaml", environment: environment, connection: Sidecar.connection)
        }
        return try ClientTarget(
            url: url, realm: realm, authid: self.authid, environment: environment,
            connection: Sidecar.connection)
    }
}

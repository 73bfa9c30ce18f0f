import ArgumentParser
import Glibc

/// The command line.
@main
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "The router's end of a RawSocket+JSON session that costs next to nothing.",
        discussion: """
            Listens on a loopback port for one peer, which may be given as a command after '--' and finds the port in
            the environment variable LOAD_PORT. Reports as JSON lines on standard output.

              load calls --outstanding 1 --outstanding 128 --seconds 5 -- wamp-sidecar run --config bench.yaml
              load calls --outstanding 128 --calls 1000000 --sample-every 100000 -- wamp-sidecar run --config bench.yaml
              load publications --count 500000 -- wamp-sidecar run --config bench.yaml
              load events --count 500000 -- wamp-sidecar run --config bench.yaml
              load rows --count 1000000 -- wamp-sidecar run --config bench.yaml
              load serve -- wamp-sidecar run --config bench.yaml
            """,
        subcommands: [
            CallsCommand.self, PublicationsCommand.self, EventsCommand.self, RowsCommand.self, ServeCommand.self,
        ])
}

/// The options of every mode to get a peer.
struct PeerOptions: ParsableArguments {
    @Option(help: "The port to listen on; 0 for a free one.")
    var port: UInt16 = 0

    @Argument(parsing: .captureForPassthrough, help: "The peer's command, after '--'.")
    var command: [String] = []

    /// Listens, and starts the peer if there is a command.
    func session() throws(LoadError) -> PeerSession {
        try PeerSession(port: port, command: command.first == "--" ? Array(command.dropFirst()) : command)
    }
}

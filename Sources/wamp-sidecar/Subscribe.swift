import ArgumentParser
import ClientCommands

/// `wamp-sidecar subscribe`.
struct Subscribe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Subscribe to a WAMP topic and print its events.",
        usage: "wamp-sidecar subscribe [<options>] <topic>",
        discussion: """
            Each event is a line of JSON: {"topic":..,"publication":..,"args":[..],"kwargs":{..}}, with publisher, \
            publisher_authid, publisher_authrole and retained where the router discloses them. Runs until Ctrl-C or \
            SIGTERM, until --count events have come, or until the reader of the output closes it.

            Exit status: 0 if it ended in one of these ways, 1 if the router refused it or the session was lost, 64 \
            on wrong usage, 78 if the configuration is faulty.

            EXAMPLES:
              wamp-sidecar subscribe com.example.news
              wamp-sidecar subscribe com.example. --match prefix | jq .args
              wamp-sidecar subscribe com.example.price --retained --count 1
            """)

    @OptionGroup var options: ClientOptions

    @Argument(help: "The topic's URI, or a pattern.")
    var topic: String

    @Option(name: .long, help: "How topics are compared with the topic: exact, prefix, or wildcard.")
    var match = "exact"

    @Flag(name: .long, help: "Also print the event that the router has kept.")
    var retained = false

    @Option(name: .long, help: "End after this number of events.")
    var count: Int?

    func run() async throws {
        try await self.options.run(Subscribe.self) { () throws(ClientUsageError) in
            try ClientCommand.subscribe(self.topic, match: self.match, retained: self.retained, count: self.count)
        }
    }
}

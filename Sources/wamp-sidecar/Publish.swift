import ArgumentParser
import ClientCommands
import Names

/// `wamp-sidecar publish`.
struct Publish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Publish a WAMP event, or one for each line of standard input.",
        discussion: """
            An argument that is JSON is that value, any other argument is a string, and name=value is a keyword \
            argument, as in wamp-sidecar call. With - as the only argument, each line of standard input is an event: \
            an object with args and kwargs, as wamp-sidecar subscribe prints it, or with just one of them, or any \
            other JSON value, which is its only argument. Prints {"publication":..} for each event that the router \
            has. With --no-acknowledge it does not ask the router, and a refusal is not seen.

            Exit status: 0 if the router has all events, 1 if not, 64 on wrong usage, 78 if the configuration is \
            faulty.

            EXAMPLES:
              wamp-sidecar publish com.example.delivery banana 12
              wamp-sidecar publish com.example.news cherries left=3
              wamp-sidecar publish com.example.reading - < readings.jsonl
            """)

    @OptionGroup var options: ClientOptions

    @Argument(help: "The topic's URI.")
    var topic: String

    @Argument(
        help: """
            The arguments, positional ones and name=value: JSON, or else strings. They go behind -- if one begins \
            with a dash. Just - for standard input.
            """
    )
    var arguments: [String] = []

    @Option(name: .long, help: "The keyword arguments: a JSON object.")
    var kwargs: String?

    @Flag(name: .long, inversion: .prefixedNo, help: "Wait until the router confirms that it has the event.")
    var acknowledge = true

    @Flag(name: .long, help: "The router keeps the event for later subscribers.")
    var retain = false

    @Flag(name: .long, help: "Disclose the publisher to receivers, where the router allows it.")
    var discloseMe = false

    @Option(
        name: .long, help: "A session that gets the event; no other does. Repeat it for more, like the options below.")
    var eligible: [Int64] = []

    @Option(name: .long, help: "A name (authid) that gets it; no other does.")
    var eligibleAuthid: [String] = []

    @Option(name: .long, help: "A role (authrole) that gets it; no other does.")
    var eligibleAuthrole: [String] = []

    @Option(name: .long, help: "A session that doesn't get it.")
    var exclude: [Int64] = []

    @Option(name: .long, help: "A name (authid) that doesn't get it.")
    var excludeAuthid: [String] = []

    @Option(name: .long, help: "A role (authrole) that doesn't get it.")
    var excludeAuthrole: [String] = []

    func run() async throws {
        var lists = ClientLists()
        lists.eligible = self.eligible
        lists.eligibleAuthid = self.eligibleAuthid
        lists.eligibleAuthrole = self.eligibleAuthrole
        lists.exclude = self.exclude
        lists.excludeAuthid = self.excludeAuthid
        lists.excludeAuthrole = self.excludeAuthrole
        try await self.options.run(Publish.self) { [lists] () throws(ClientUsageError) in
            try ClientCommand.publish(
                self.topic, arguments: self.arguments, kwargs: self.kwargs, acknowledge: self.acknowledge,
                retain: self.retain, discloseMe: self.discloseMe, lists: lists)
        }
    }
}

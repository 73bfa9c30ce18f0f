import ArgumentParser
import ClientCommands
import Names

/// `wamp-sidecar call`.
struct Call: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Call a WAMP procedure and print its result.",
        usage: "wamp-sidecar call [<options>] <procedure> [<arguments> ...]",
        discussion: """
            An argument that is JSON is that value, any other argument is a string: 5 is a number, '"5"' (with its \
            own quotes) and apple are strings. name=value is a keyword argument (a string that begins like that is \
            written '"a=b"'). Put -- before arguments that begin with a dash. The result is a line of JSON, \
            {"args":[..],"kwargs":{..}}. With --progress each part is such a line, with "progress":true. An error \
            goes to standard error: its URI and its arguments. Ctrl-C cancels the call.

            Exit status: 0 if a result came, 1 if not, 64 on wrong usage, 78 if the configuration is faulty.

            EXAMPLES:
              wamp-sidecar call com.example.add2 2 3
              wamp-sidecar call com.example.add2 a=2 b=3
              wamp-sidecar call com.example.add2 --timeout 2s -- -2 3
              wamp-sidecar call com.example.item.search --kwargs '{"limit": 1}'
              wamp-sidecar call wamp.session.count
            """)

    @OptionGroup var options: ClientOptions

    @Argument(help: "The procedure's URI.")
    var procedure: String

    @Argument(
        help: """
            The arguments, positional ones and name=value: JSON, or else strings. They go behind -- if one begins \
            with a dash.
            """
    )
    var arguments: [String] = []

    @Option(name: .long, help: "The keyword arguments: a JSON object.")
    var kwargs: String?

    @Flag(name: .long, help: "Ask for results in parts, and print each as it comes.")
    var progress = false

    @Option(name: .long, help: "How long the whole call may take, e.g. 500ms, 5s, 2m.")
    var timeout = "30s"

    @Flag(name: .long, help: "Disclose the caller to the callee, where the router allows it.")
    var discloseMe = false

    @Flag(name: .long, help: "Print an error as a line of JSON on standard output: {\"error\":..,\"args\":..}.")
    var json = false

    func run() async throws {
        try await self.options.run(Call.self) { () throws(ClientUsageError) in
            try ClientCommand.call(
                self.procedure, arguments: self.arguments, kwargs: self.kwargs, timeout: self.timeout,
                progress: self.progress, discloseMe: self.discloseMe, json: self.json)
        }
    }
}

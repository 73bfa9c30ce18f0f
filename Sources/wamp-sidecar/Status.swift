import ArgumentParser
import Glibc
import Sidecar
import SidecarConfiguration

/// `wamp-sidecar status`.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how a running sidecar stands.",
        discussion: """
            It asks the admin port that the file names (admin.listen). Exit status: 0 if the sidecar is ready, 1 if \
            it is not or does not answer, 64 on wrong usage, 78 if the configuration is faulty or has no section \
            admin.

            EXAMPLES:
              wamp-sidecar status
              wamp-sidecar status --ready --config /etc/wamp-sidecar/sidecar.yaml
              wamp-sidecar status --json
            """)

    /// How often `--watch` looks.
    private static let interval = Duration.seconds(2)
    private static let clear = "\u{1B}[H\u{1B}[J"

    @OptionGroup var options: ConfigurationOption

    @Flag(name: .long, help: "Show only whether it is ready, and the reasons why not: for health checks.")
    var ready = false

    @Flag(name: .long, help: "Print the document of /status as it is.")
    var json = false

    @Flag(name: .long, help: "Show it again every 2 s, until the command is stopped.")
    var watch = false

    func validate() throws {
        if self.ready, self.json { throw ValidationError("use --ready or --json, not both") }
    }

    func run() async throws {
        guard var settings = try Console.load(self.options.config).admin else {
            Console.complain(
                "\(self.options.config): there is no section admin; add e.g. admin: { listen: \"127.0.0.1:9632\" }")
            Console.end(Console.faultyConfiguration)
        }
        let question: StatusQuestion = self.ready ? .ready : self.json ? .document : .text
        while true {
            let isReady = await self.ask(question, settings)
            guard self.watch else { Console.end(isReady ? .success : .failure) }
            try await Task.sleep(for: Self.interval)
            settings = self.changedSettings ?? settings
        }
    }

    /// The file as it is now, with a renewed certificate; nil while it can't be used.
    private var changedSettings: AdminSettings? {
        try? Sidecar.load(path: self.options.config, environment: Console.environment).admin
    }

    private func ask(_ question: StatusQuestion, _ settings: AdminSettings) async -> Bool {
        do {
            let (text, isReady) = try await question.ask(settings)
            if self.watch, isatty(STDOUT_FILENO) == 1 { print(Self.clear, terminator: "") }
            print(text)
            fflush(nil)
            return isReady
        } catch {
            Console.complain("\(error)")
            return false
        }
    }
}

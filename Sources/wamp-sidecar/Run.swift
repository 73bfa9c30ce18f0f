import ArgumentParser
import Sidecar

/// `wamp-sidecar run`.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the sidecar until SIGTERM or SIGINT.",
        discussion: """
            The sidecar logs to standard error. The first SIGTERM or SIGINT lets running calls finish, the second \
            ends the process at once. Exit status: 0 after a signal, 1 on failure, 64 on wrong usage, 78 if the \
            configuration is faulty.

            EXAMPLE:
              WAMP_TICKET=secret wamp-sidecar run --config /etc/wamp-sidecar/sidecar.yaml
            """)

    @OptionGroup var options: ConfigurationOption

    func run() async throws {
        let configuration = try Console.load(self.options.config)
        do {
            try await Sidecar.run(
                configuration, serviceManager: ServiceManagerSettings(environment: Console.environment))
        } catch {
            Console.end(because: error)
        }
        Console.end(.success)
    }
}

internal import Glibc
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Postgres
import ServiceLifecycle
package import SidecarConfiguration
package import WAMPClient

/// The process: one event loop, both sides on it, from start to SIGTERM.
package enum Sidecar {
    /// The version of this binary.
    package static let version = "0.2.0"

    /// Never shut down: the process ends by itself when everything is done, and threads that still connect may report
    /// to it until then.
    private static let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// Of those that resolve names: one whose resolver does not answer must not make the others wait.
    private static let leastThreads = 4

    /// How many seconds the log's last lines may take to be written.
    private static let logPatience = 1.0

    /// Reads and checks a configuration file.
    ///
    /// - Parameters:
    ///   - path: as the user named it.
    ///   - environment: the variables that the file may use.
    /// - Throws: all faults of the file at once.
    package static func load(path: String, environment: [String: String]) throws(ConfigurationFaults) -> Configuration {
        try ConfigurationFile.load(path: path, environment: environment)
    }

    /// How the sidecar, and each of its commands, joins the router of a file.
    package static func connection(_ settings: RouterSettings) -> RouterConfiguration {
        RouterConfiguration(settings, version: self.version)
    }

    /// Makes everything that ``run(_:environment:)`` makes before it connects, and releases it again: so `check`
    /// refuses all that `run` refuses at its start.
    ///
    /// - Throws: the errors of ``run(_:environment:)`` before it connects.
    package static func rehearse(_ configuration: Configuration) async throws {
        let eventLoop = self.eventLoops.next()
        try await eventLoop.submit {
            let journal = Journal(configuration.log, eventLoop: eventLoop) { _ in self.silent }
            _ = try Supervisor(
                configuration: configuration, version: self.version, eventLoop: eventLoop, journal: journal,
                metrics: Metrics(version: self.version), watcher: try Watcher(eventLoop: eventLoop),
                source: { configuration }, renew: { _ in },
                isInForce: { _ in }, summary: { _ in })
        }.get()
    }

    /// Runs until SIGTERM or SIGINT has been obeyed.
    ///
    /// - Parameters:
    ///   - environment: the variables that the file may use when it is read again.
    ///   - serviceManager: what started the process, if it waits for reports.
    /// - Throws: a lack of system resources at the start, such as descriptors or random octets; never because a side is
    ///   unreachable.
    package static func run(
        _ configuration: Configuration, environment: [String: String], serviceManager: ServiceManagerSettings? = nil
    ) async throws {
        // The log's reader may go: then writing fails, and the process must not end.
        signal(SIGPIPE, SIG_IGN)
        ProcessMemory.giveBackWithMessages()
        NIOSingletons.blockingPoolThreadCountSuggestion = max(Self.leastThreads, System.coreCount)
        let style = NIOLockedValueBox(
            LogStyle(format: configuration.log.format, reader: .ofStandardError(environment)))
        let writer = LogWriter { Journal.dropped($0, style.withLockedValue { $0 }) }
        defer { writer.finish(seconds: Self.logPatience) }
        let signals = SignalWatch()
        let service = SupervisedService(
            configuration: configuration, version: self.version, serviceManager: serviceManager,
            eventLoop: self.eventLoops.next(),
            makeLogger: { settings in
                let style = style.withLockedValue {
                    $0.format = settings.format
                    return $0
                }
                return Logger(label: "wamp-sidecar") { _ in LineLogHandler(settings.level, style, writer: writer) }
            },
            signals: signals,
            source: { () throws(ConfigurationFaults) in
                try self.load(path: configuration.path, environment: environment)
            })
        let group = ServiceGroupConfiguration(services: [service], logger: Self.silent)
        let services = ServiceGroup(configuration: group)
        let watching = Task { await signals.watch(services) }
        defer { watching.cancel() }
        try await services.run()
    }

    /// The library's own messages about services are useless to users.
    private static var silent: Logger { Logger(label: "services") { _ in SwiftLogNoOpLogHandler() } }
}

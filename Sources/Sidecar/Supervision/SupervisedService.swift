import Logging
import NIOCore
import ServiceLifecycle
import SidecarConfiguration
import UnixSignals

/// Runs the supervisor on its event loop, as a service among services.
struct SupervisedService: Service {
    let configuration: Configuration
    let version: String
    let serviceManager: ServiceManagerSettings?
    let eventLoop: any EventLoop
    let logger: Logger
    let signals: SignalWatch
    /// How long the end may take in all.
    let patience: Duration

    func run() async throws {
        let supervisor = try await self.eventLoop.submit { () throws -> NIOLoopBound<Supervisor> in
            let journal = Journal(logger: self.logger, eventLoop: self.eventLoop)
            journal.record(.starting(version: self.version, configuration: self.configuration.path))
            let supervisor = try Supervisor(
                configuration: self.configuration, version: self.version, serviceManager: self.serviceManager,
                eventLoop: self.eventLoop, journal: journal)
            supervisor.start()
            return NIOLoopBound(supervisor, eventLoop: self.eventLoop)
        }.get()
        let reloading = Task {
            for await _ in await UnixSignalsSequence(trapping: .sighup) {
                self.eventLoop.execute { supervisor.value.reload() }
            }
        }
        defer { reloading.cancel() }
        try? await gracefulShutdown()
        let signal = self.signals.first ?? "shutdown"
        let (ends, ended) = AsyncStream.makeStream(of: Bool.self)
        // An event loop that does nothing more must not keep the process.
        let watching = Task {
            try await Task.sleep(for: self.patience)
            ended.yield(false)
        }
        defer { watching.cancel() }
        self.eventLoop.execute {
            supervisor.value.stop(signal: signal) { ended.yield(true) }
        }
        for await isInTime in ends {
            guard isInTime else { throw StopError(patience: self.patience) }
            return
        }
    }
}

/// The process got the signal to stop, and does not end by itself.
struct StopError: Error, CustomStringConvertible {
    let patience: Duration

    var description: String {
        "it did not stop within \(self.patience.components.seconds) s; unfinished work was given up"
    }
}

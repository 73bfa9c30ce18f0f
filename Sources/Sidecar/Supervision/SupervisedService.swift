import Logging
import NIOCore
import Postgres
import ServiceLifecycle
import SidecarConfiguration
import UnixSignals

/// Runs the supervisor on its event loop, as a service among services.
struct SupervisedService: Service {
    let configuration: Configuration
    let version: String
    let serviceManager: ServiceManagerSettings?
    let eventLoop: any EventLoop
    let makeLogger: @Sendable (LogSettings) -> Logger
    let signals: SignalWatch
    /// Reads the configuration again.
    let source: Reload.Source

    func run() async throws {
        let patience = StopPatience(shutdownTimeout: self.configuration.shutdownTimeout)
        let (journal, manager, renewal) = try await self.eventLoop.submit {
            let journal = Journal(self.configuration.log, eventLoop: self.eventLoop, makeLogger: self.makeLogger)
            let manager = self.serviceManager.flatMap {
                ServiceManager($0, eventLoop: self.eventLoop) {
                    journal.record(.serviceManagerUnavailable(reason: $0))
                }
            }
            let renewal = try self.renewal(journal, patience, manager)
            manager?.start()
            return (
                NIOLoopBound(journal, eventLoop: self.eventLoop), NIOLoopBound(manager, eventLoop: self.eventLoop),
                NIOLoopBound(renewal, eventLoop: self.eventLoop)
            )
        }.get()
        let reloading = Task {
            for await _ in await UnixSignalsSequence(trapping: .sighup) {
                self.eventLoop.execute { renewal.value.askForReload() }
            }
        }
        defer { reloading.cancel() }
        try? await gracefulShutdown()
        let signal = self.signals.first ?? "shutdown"
        let (ends, ended) = AsyncStream.makeStream(of: Bool.self)
        // An event loop that does nothing more must not keep the process.
        let time = patience.now
        let watching = Task {
            try await Task.sleep(for: time)
            ended.yield(false)
        }
        defer { watching.cancel() }
        self.eventLoop.execute {
            journal.value.record(.stopping(signal: signal))
            manager.value?.stopping()
            renewal.value.stop { outcome in
                journal.value.record(.stopped(outcome))
                ended.yield(true)
            }
        }
        for await isInTime in ends {
            guard isInTime else { throw StopError(patience: time) }
            return
        }
    }

    /// What runs the supervisor, which has been started.
    private func renewal(
        _ journal: Journal, _ patience: StopPatience, _ manager: ServiceManager?
    ) throws -> Renewal {
        journal.record(.starting(version: self.version, configuration: self.configuration.path))
        let watcher = try Watcher(eventLoop: self.eventLoop)
        let metrics = Metrics(version: self.version)
        let renewal = Renewal(eventLoop: self.eventLoop) { configuration, renewal in
            try Supervisor(
                configuration: configuration, version: self.version, eventLoop: self.eventLoop, journal: journal,
                metrics: metrics, watcher: watcher, source: self.source,
                renew: { [weak renewal] in try renewal?.renew($0) },
                isInForce: {
                    journal.use($0.log)
                    patience.change(shutdownTimeout: $0.shutdownTimeout)
                },
                summary: { [weak manager] in manager?.changed(status: $0) })
        }
        try renewal.start(self.configuration)
        return renewal
    }
}

/// The process got the signal to stop, and does not end by itself.
struct StopError: Error, CustomStringConvertible {
    let patience: Duration

    var description: String {
        "it did not stop within \(self.patience.components.seconds) s; unfinished work was given up"
    }
}

import Logging
import NIOCore
import ServiceLifecycle
import SidecarConfiguration
import UnixSignals

/// Runs the supervisor on its event loop, as a service among services.
struct SupervisedService: Service {
    let configuration: Configuration
    let version: String
    let eventLoop: any EventLoop
    let logger: Logger
    let signals: SignalWatch

    func run() async throws {
        let supervisor = try await self.eventLoop.submit { () throws -> NIOLoopBound<Supervisor> in
            let journal = Journal(logger: self.logger, eventLoop: self.eventLoop)
            journal.record(.starting(version: self.version, configuration: self.configuration.path))
            let supervisor = try Supervisor(
                configuration: self.configuration, version: self.version, eventLoop: self.eventLoop, journal: journal)
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
        await withCheckedContinuation { continuation in
            self.eventLoop.execute {
                supervisor.value.stop(signal: signal) { continuation.resume() }
            }
        }
    }
}

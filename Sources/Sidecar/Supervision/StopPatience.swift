import Synchronization

/// How long ending may take in all: `shutdown_timeout` of the configuration in force, and something for the rest.
final class StopPatience: Sendable {
    /// How long ending may take beyond what is left to running calls, before the process ends without it.
    private static let rest = Duration.seconds(5)

    private let time: Mutex<Duration>

    init(shutdownTimeout: Duration) {
        self.time = Mutex(shutdownTimeout + Self.rest)
    }

    var now: Duration { self.time.withLock { $0 } }

    /// Another configuration is in force.
    func change(shutdownTimeout: Duration) {
        self.time.withLock { $0 = shutdownTimeout + Self.rest }
    }
}

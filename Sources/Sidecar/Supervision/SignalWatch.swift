import Glibc
import ServiceLifecycle
import Synchronization
import UnixSignals

/// Obeys signals: the first SIGTERM or SIGINT ends the services in order, a second one ends the process at once.
final class SignalWatch: Sendable {
    private let received = Mutex<String?>(nil)

    /// The name of the signal that ends the process; nil before it came.
    var first: String? { self.received.withLock { $0 } }

    /// Watches until it is canceled.
    func watch(_ services: ServiceGroup) async {
        for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
            let isFirst = self.received.withLock { received in
                defer { received = received ?? "\(signal)" }
                return received == nil
            }
            guard isFirst else { _exit(1) }
            await services.triggerGracefulShutdown()
        }
    }
}

internal import Glibc
import NIOCore
import Names
import SidecarConfiguration

/// Complains about certificates that end soon. On the event loop. The driver of ``CertificateLooks``.
final class Certificates: Part {
    private static let interval = TimeAmount.hours(1)

    private let eventLoop: any EventLoop
    private let changed: () -> Void
    private var looks: CertificateLooks
    private var timer: Scheduled<Void>?

    /// - Parameter changed: called when ``complaints`` may have changed.
    init(_ configuration: Configuration, eventLoop: any EventLoop, changed: @escaping () -> Void) {
        self.looks = CertificateLooks(configuration)
        self.eventLoop = eventLoop
        self.changed = changed
    }

    var faultKind: FaultKind? { .certificate }

    var complaints: ComplaintSummary { self.looks.complaints(at: Int64(time(nil))) }

    /// Begins to look at the clock.
    func start() {
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) {
            self.changed()
            self.start()
        }
    }

    /// Another configuration is in force.
    func take(_ configuration: Configuration) {
        self.looks = CertificateLooks(configuration)
        self.changed()
    }

    func follow(_ situation: Situation, from former: Situation) {
        if situation.hasBegunToStop(since: former) { self.timer?.cancel() }
    }
}

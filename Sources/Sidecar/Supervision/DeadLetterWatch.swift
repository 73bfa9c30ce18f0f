import NIOCore
import Names

/// Complains of dead letters for a while after they were written. On the event loop. The driver of
/// ``RecentDeadLetters``, which the process keeps.
final class DeadLetterWatch: Part {
    private static let interval = TimeAmount.seconds(1)

    private let metrics: Metrics
    private let eventLoop: any EventLoop
    private let changed: () -> Void
    private var timer: Scheduled<Void>?

    /// - Parameter changed: ``complaints`` may have changed.
    init(metrics: Metrics, eventLoop: any EventLoop, changed: @escaping () -> Void) {
        self.metrics = metrics
        self.eventLoop = eventLoop
        self.changed = changed
    }

    /// From now on it looks each second.
    func start() {
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) { [weak self] in
            self?.look()
            self?.start()
        }
    }

    func follow(_ situation: Situation, from former: Situation) {
        if situation.hasBegunToStop(since: former) { self.timer?.cancel() }
    }

    var faultKind: FaultKind? { .deadLetters }

    var complaints: ComplaintSummary { self.metrics.recentDeadLetters.complaints }

    private func look() {
        let former = self.metrics.recentDeadLetters.counts
        self.metrics.noteDeadLetters(at: self.eventLoop.now)
        if self.metrics.recentDeadLetters.counts != former { self.changed() }
    }
}

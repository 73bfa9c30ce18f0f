import NIOCore

/// Watches, each second, that the event loop turns and that the threads beside it answer. On the event loop. The driver
/// of ``LoopLateness`` and ``LifeSigns``.
final class Pulse {
    /// Asks for a sign of life.
    typealias Question = (_ answer: @escaping () -> Void) -> Void

    private static let interval = TimeAmount.seconds(1)

    private let eventLoop: any EventLoop
    private let questions: [LifeSigns.Organ: Question]
    private let beat: () -> Void
    private var lateness = LoopLateness()
    private var signs = LifeSigns()
    private var timer: Scheduled<Void>?

    /// - Parameters:
    ///   - questions: how each is asked.
    ///   - beat: called each second.
    init(eventLoop: any EventLoop, questions: [LifeSigns.Organ: Question], beat: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.questions = questions
        self.beat = beat
    }

    /// By how much the loop was late when that was last measured.
    var delay: TimeAmount { self.lateness.last }

    /// Whether it was late lately.
    var isLate: Bool { self.lateness.isLate(at: self.eventLoop.now) }

    /// Which thread does not answer, in a user's words; nil: all do.
    var fault: String? { self.signs.fault(at: self.eventLoop.now) }

    func start() {
        self.ask()
        self.schedule()
    }

    func stop() {
        self.timer?.cancel()
        self.timer = nil
    }

    private func schedule() {
        let due = self.eventLoop.now + Self.interval
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: due) {
            self.lateness.measured(due: due, at: self.eventLoop.now)
            self.ask()
            self.schedule()
            self.beat()
        }
    }

    private func ask() {
        for (organ, question) in self.questions where self.signs.ask(organ, at: self.eventLoop.now) {
            question { [weak self] in self?.signs.answered(organ) }
        }
    }
}

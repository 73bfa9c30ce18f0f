import NIOCore

/// Limits how often a requested task runs: the first time at once, then at most once an interval, and once more for all
/// requests meanwhile.
struct PaceStateMachine: ~Copyable {
    enum Action: Equatable {
        /// Run it now.
        case run
        /// Run it after this time, and report that by ``waited(at:)``.
        case wait(TimeAmount)
        /// It will run anyway.
        case nothing
    }

    private let interval: TimeAmount
    private var last: NIODeadline?
    private var isWaiting = false

    init(interval: TimeAmount) {
        self.interval = interval
    }

    /// A request.
    mutating func asked(at now: NIODeadline) -> Action {
        guard !self.isWaiting else { return .nothing }
        guard let last = self.last, now < last + self.interval else {
            self.last = now
            return .run
        }
        self.isWaiting = true
        return .wait(last + self.interval - now)
    }

    /// The time is over: it runs now.
    mutating func waited(at now: NIODeadline) {
        self.isWaiting = false
        self.last = now
    }
}

/// Runs a task at the pace of a ``PaceStateMachine``. On the event loop.
final class Paced {
    private var machine: PaceStateMachine
    private let eventLoop: any EventLoop
    private let body: () -> Void

    /// - Parameter body: the task.
    init(every interval: TimeAmount, on eventLoop: any EventLoop, body: @escaping () -> Void) {
        self.machine = PaceStateMachine(interval: interval)
        self.eventLoop = eventLoop
        self.body = body
    }

    /// Runs it now, or as soon as it may run again.
    func ask() {
        switch self.machine.asked(at: .now()) {
        case .run:
            self.body()
        case .wait(let delay):
            self.eventLoop.assumeIsolated().scheduleTask(in: delay) {
                self.machine.waited(at: .now())
                self.body()
            }
        case .nothing:
            break
        }
    }
}

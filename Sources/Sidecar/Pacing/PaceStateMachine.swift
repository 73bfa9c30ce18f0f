import NIOCore

/// Keeps what is asked for from being done more often than once in a while: the first time at once, then at most once an interval, and once
/// more for all that was asked for meanwhile.
struct PaceStateMachine: ~Copyable {
    enum Action: Equatable {
        /// Do it now.
        case run
        /// Do it after this time, and say so by ``waited(at:)``.
        case wait(TimeAmount)
        /// It is going to be done anyway.
        case nothing
    }

    private let interval: TimeAmount
    private var last: NIODeadline?
    private var isWaiting = false

    init(interval: TimeAmount) {
        self.interval = interval
    }

    /// Somebody asks for it.
    mutating func asked(at now: NIODeadline) -> Action {
        guard !self.isWaiting else { return .nothing }
        guard let last = self.last, now < last + self.interval else {
            self.last = now
            return .run
        }
        self.isWaiting = true
        return .wait(last + self.interval - now)
    }

    /// The time is over: it is done now.
    mutating func waited(at now: NIODeadline) {
        self.isWaiting = false
        self.last = now
    }
}

/// Does something at the pace of a ``PaceStateMachine``. On the event loop.
final class Paced {
    private var machine: PaceStateMachine
    private let eventLoop: any EventLoop
    private let body: () -> Void

    /// - Parameter body: what is asked for.
    init(every interval: TimeAmount, on eventLoop: any EventLoop, body: @escaping () -> Void) {
        self.machine = PaceStateMachine(interval: interval)
        self.eventLoop = eventLoop
        self.body = body
    }

    /// Does it now, or as soon as it may be done again.
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

internal import NIOCore

/// Calls back again and again, on the event loop, until it is canceled or the callback has nothing left to wait for.
final class Ticker {
    private let eventLoop: any EventLoop
    private let interval: TimeAmount
    private let body: () -> Bool
    private var next: Scheduled<Void>?

    /// - Parameter body: returns whether to continue.
    init(every interval: TimeAmount, on eventLoop: any EventLoop, _ body: @escaping () -> Bool) {
        self.eventLoop = eventLoop
        self.interval = interval
        self.body = body
    }

    /// Whether a callback is due.
    var isRunning: Bool { self.next != nil }

    /// Starts, unless it runs already.
    func start() {
        guard self.next == nil else { return }
        self.schedule()
    }

    func cancel() {
        self.next?.cancel()
        self.next = nil
    }

    private func schedule() {
        self.next = self.eventLoop.assumeIsolated().scheduleTask(in: self.interval) {
            self.next = nil
            if self.body() { self.start() }
        }
    }
}

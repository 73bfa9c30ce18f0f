import NIOCore

/// Stops the sidecar in order. On the event loop. The driver of ``ShutdownStateMachine``.
final class Shutdown {
    /// How long the router may take to answer GOODBYE.
    private static let goodbyePatience = TimeAmount.milliseconds(1500)

    private let parts: [any Part]
    private let patience: TimeAmount
    private let eventLoop: any EventLoop
    private let sayGoodbye: (_ completion: @escaping () -> Void) -> Void
    private var machine = ShutdownStateMachine()
    private var timers: [Scheduled<Void>] = []
    private var completion: ((ShutdownStateMachine.Outcome) -> Void)?

    /// - Parameters:
    ///   - parts: finish in this order.
    ///   - patience: how long they may take, all together.
    ///   - sayGoodbye: ends the session with the router.
    init(
        _ parts: [any Part], patience: TimeAmount, eventLoop: any EventLoop,
        sayGoodbye: @escaping (_ completion: @escaping () -> Void) -> Void
    ) {
        self.parts = parts
        self.patience = patience
        self.eventLoop = eventLoop
        self.sayGoodbye = sayGoodbye
    }

    /// `completion` is called once, in time.
    func begin(completion: @escaping (ShutdownStateMachine.Outcome) -> Void) {
        guard self.completion == nil else { return }
        self.completion = completion
        self.schedule(in: self.patience) { self.machine.patienceEnded() }
        self.run(self.machine.begin(parts: self.parts.count))
    }

    private func run(_ action: ShutdownStateMachine.Action) {
        switch action {
        case .nothing:
            break
        case .drain(let number):
            let part = self.parts[number]
            if let patience = part.drainPatience {
                self.schedule(in: patience) { self.machine.drained(number) }
            }
            part.drain { self.run(self.machine.drained(number)) }
        case .sayGoodbye:
            // Unfinished work is reported now, while there is a session to report it in.
            for part in self.parts { part.stop() }
            self.schedule(in: Self.goodbyePatience) { self.machine.goodbyeTimedOut() }
            self.sayGoodbye { self.run(self.machine.left()) }
        case .end(let outcome):
            for timer in self.timers { timer.cancel() }
            self.timers.removeAll()
            self.completion?(outcome)
        }
    }

    private func schedule(in time: TimeAmount, _ event: @escaping () -> ShutdownStateMachine.Action) {
        self.timers.append(self.eventLoop.assumeIsolated().scheduleTask(in: time) { self.run(event()) })
    }
}

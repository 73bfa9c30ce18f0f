import Functions
import NIOCore

/// A flow whose events wait in a queue: the common part of all, however they are sent. On the event loop.
protocol QueuedEvents: EventFlow {
    associatedtype Queue: EventQueue where Queue.Event == ReceivedEvent

    var context: EventContext { get }
    var queue: Queue { get set }
    var flow: FlowStateMachine { get set }

    /// Sends as many events as possible.
    func pump()
}

extension QueuedEvents {
    var isIdle: Bool { self.queue.isIdle }
    var waitingCount: Int { self.queue.waitingCount }
    var inProgressCount: Int { self.queue.inProgressCount + self.context.lettersThatRan }
    var oldestArrival: NIODeadline? { self.queue.firstWaiting?.arrived }

    func append(_ event: ReceivedEvent) {
        self.queue.append(event)
        self.run(self.flow.eventCame(isKnown: self.context.plan != nil))
        self.pump()
    }

    func end() {
        self.flow.end()
        self.pump()
    }

    func suspend(_ isSuspended: Bool) {
        self.queue.isSuspended = isSuspended
        self.pump()
    }

    func drop() -> Int {
        let dropped = self.queue.drop()
        dropped.forEach(self.context.dropped)
        return dropped.count
    }

    func stop() -> [ReceivedEvent] {
        self.queue.stop()
    }

    // MARK: - Ends

    func done(_ event: ReceivedEvent) {
        self.flow.ran()
        self.context.done(event)
    }

    func bury(_ event: ReceivedEvent, _ failure: EventFailure?, attempts: Int) {
        self.context.bury(event, failure, attempts: attempts) {
            self.queue.buried()
            self.pump()
        }
    }

    /// There may be no time to wait: then events that can't run become dead letters, a limited number at a time.
    func giveUpIfEnding() {
        guard let failure = self.flow.reasonToGiveUp else { return }
        while let (event, attempts) = self.queue.giveUpFirst() { self.bury(event, failure, attempts: attempts) }
    }

    // MARK: - Delays

    /// No event can run now, and no event is to blame: all wait.
    func hold(_ failure: EventFailure?) {
        let failure = failure ?? EventFailure(error: "53000", message: "the server can't run it now")
        guard let times = self.flow.hold(failure) else { return }
        self.context.hold(failure)
        self.resume(after: times)
    }

    func resume(after failures: Int) {
        self.flow.delayBegan()
        self.context.wait(failures: failures) {
            let step = self.flow.delayEnded()
            self.run(step)
            if step == .resume { self.pump() }
        }
    }

    // MARK: - The function

    func lookUp() {
        self.run(self.flow.lookUp())
    }

    private func run(_ step: FlowStateMachine.Step) {
        switch step {
        case .nothing: break
        case .resume: self.queue.resume()
        case .lookUp: self.context.lookUp { self.lookedUp($0) }
        }
    }

    private func lookedUp(_ outcome: DefinitionOutcome) {
        self.run(self.flow.lookedUp(isFound: outcome.isFound))
        switch outcome {
        case .found: break
        case .fault(let fault):
            self.queue.hold()
            guard self.queue.hasWaiting else { break }
            self.hold(EventFailure(error: fault.sqlstate, message: fault.description))
        case .unavailable:
            self.context.wait(failures: 3) { self.lookUp() }
        }
        self.pump()
    }
}

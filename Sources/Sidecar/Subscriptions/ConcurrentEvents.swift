import NIOCore
import Postgres
import SidecarConfiguration
import WAMP

/// Runs several events of one subscription at once, in no order, as calls are run. On the event loop.
///
/// The driver of ``ConcurrentQueueStateMachine``.
final class ConcurrentEvents: EventFlow {
    /// What waits in the pool's queue takes places there that calls need.
    private static let mostInPool = 64

    private let context: EventContext
    private var machine: ConcurrentQueueStateMachine<ReceivedEvent>
    private var isLookingUp = false
    /// Whether the function has been looked up, and can be called.
    private var isReady = false
    private var isPumping = false

    init(_ context: EventContext) {
        self.context = context
        let mapping = context.route.mapping
        self.machine = ConcurrentQueueStateMachine(
            retries: mapping.retries, most: min(mapping.concurrency * 8, Self.mostInPool))
    }

    var isIdle: Bool { self.machine.isIdle }

    func append(_ event: ReceivedEvent) {
        self.machine.append(event)
        if !self.isReady { self.lookUp() }
        self.pump()
    }

    func suspend(_ isSuspended: Bool) {
        self.machine.isSuspended = isSuspended
        self.pump()
    }

    func drop() -> Int {
        let dropped = self.machine.drop()
        dropped.forEach(self.context.dropped)
        return dropped.count
    }

    func stop() -> [ReceivedEvent] {
        self.machine.stop()
    }

    private func pump() {
        guard !self.isPumping else { return }
        self.isPumping = true
        defer { self.isPumping = false }
        while let entry = self.machine.next() {
            do throws(BindingError) {
                self.submit(entry, try self.context.bind(entry.event))
            } catch {
                let failure = EventFailure(error: WAMPError.invalidArgument.text, message: error.message)
                self.answered(.outdated, entry, failure)
            }
        }
    }

    private func submit(_ entry: ConcurrentQueueStateMachine<ReceivedEvent>.Entry, _ command: Work.Command) {
        let plan = self.context.plan
        let run = Run(entry, events: self)
        self.context.pool.submit(
            Work(
                lane: self.context.route.lane, command: command, prelude: self.context.prelude(nil),
                isSet: plan?.isSet ?? false, isRepeatable: !(plan?.isProcedure ?? false),
                isExplicitTransaction: plan?.isProcedure ?? false, isDisposable: plan?.isUntrusted ?? false,
                timeout: self.context.route.timeout,
                expires: .distantFuture, handler: run))
    }

    private func answered(
        _ answer: EventAnswer, _ entry: ConcurrentQueueStateMachine<ReceivedEvent>.Entry, _ failure: EventFailure?
    ) {
        switch self.machine.answered(answer, entry) {
        case .done(let event):
            self.context.done(event)
        case .retry(let entry):
            self.context.retrying(failure)
            self.context.wait(failures: entry.failures) {
                self.machine.sendAgain(entry)
                self.pump()
            }
        case .bury(let event, let attempts):
            self.bury(event, failure, attempts: attempts)
        case .lookUp:
            self.lookUp()
        }
    }

    private func bury(_ event: ReceivedEvent, _ failure: EventFailure?, attempts: Int) {
        self.context.bury(event, failure, attempts: attempts) {
            self.machine.buried()
            self.pump()
        }
    }

    private func lookUp() {
        guard !self.isLookingUp else { return }
        self.isLookingUp = true
        self.isReady = false
        self.context.lookUp { outcome in
            self.isLookingUp = false
            switch outcome {
            case .found:
                self.isReady = true
                self.machine.resume()
                self.pump()
            case .fault(let fault):
                guard let (event, attempts) = self.machine.giveUpFirst() else { return }
                self.bury(event, EventFailure(error: fault.sqlstate, message: fault.description), attempts: attempts)
                // For the one behind it the function is looked up again.
                if self.machine.hasWaiting { self.lookUp() }
            case .unavailable:
                self.context.wait(failures: 3) { self.lookUp() }
            }
        }
    }

    /// One run of the function.
    private final class Run: WorkHandler {
        private let entry: ConcurrentQueueStateMachine<ReceivedEvent>.Entry
        private let events: ConcurrentEvents

        init(_ entry: ConcurrentQueueStateMachine<ReceivedEvent>.Entry, events: ConcurrentEvents) {
            self.entry = entry
            self.events = events
        }

        func received(_ row: borrowing ResultRow, of work: Work) {}

        func restarted(_ work: Work) {}

        func ended(_ work: Work, outcome: WorkOutcome) {
            let (answer, failure) = EventFailure.answer(
                outcome, plan: self.events.context.plan, timeout: self.events.context.route.timeout)
            self.events.answered(answer, self.entry, failure)
            self.events.pump()
        }
    }
}

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
    /// Why nothing can be run now.
    private var holding: EventFailure?
    /// How often it was tried again since.
    private var holds = 0
    /// A delay is under way, after which it is.
    private var isWaiting = false
    private var isEnding = false

    init(_ context: EventContext) {
        self.context = context
        let mapping = context.route.mapping
        self.machine = ConcurrentQueueStateMachine(
            retries: mapping.retries, most: min(mapping.concurrency * 8, Self.mostInPool))
    }

    var isIdle: Bool { self.machine.isIdle }

    func append(_ event: ReceivedEvent) {
        self.machine.append(event)
        if !self.isReady, !self.isWaiting { self.prepare() }
        self.pump()
    }

    func end() {
        self.isEnding = true
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
        if self.isEnding, let holding = self.holding {
            // There is no time to wait.
            while let (event, attempts) = self.machine.giveUpFirst() { self.bury(event, holding, attempts: attempts) }
        }
        while let entry = self.machine.next() {
            do throws(BindingError) {
                self.submit(entry, try self.context.bind(entry.event))
            } catch {
                let failure = EventFailure(error: error.uri.text, message: error.message)
                self.answered(.failed(.definition), entry, failure)
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
                mostOctets: ResultBound.unread.mostMessage, timeout: self.context.route.timeout,
                expires: .distantFuture, handler: run))
    }

    private func answered(
        _ answer: EventAnswer, _ entry: ConcurrentQueueStateMachine<ReceivedEvent>.Entry, _ failure: EventFailure?,
        mayHaveRun: Bool = false
    ) {
        switch self.machine.answered(answer, entry) {
        case .done(let event):
            self.holds = 0
            self.holding = nil
            self.context.done(event)
        case .hold:
            self.hold(failure ?? EventFailure(error: "53000", message: "the server can't run it now"))
        case .retry(let entry, let failures):
            if mayHaveRun { self.context.mayRunTwice() }
            self.context.retrying(failure)
            self.context.wait(failures: failures) {
                self.machine.sendAgain(entry)
                self.pump()
            }
        case .bury(let event, let attempts):
            self.bury(event, failure, attempts: attempts)
        case .lookUp:
            self.lookUp()
        }
    }

    /// Nothing can be run now, and no event is to blame: all wait.
    private func hold(_ failure: EventFailure) {
        self.holding = failure
        guard !self.isWaiting else { return }
        self.holds += 1
        self.context.hold(failure)
        self.isWaiting = true
        self.context.wait(failures: self.holds) {
            self.isWaiting = false
            guard self.isReady else { return self.lookUp() }
            self.machine.resume()
            self.pump()
        }
    }

    private func bury(_ event: ReceivedEvent, _ failure: EventFailure?, attempts: Int) {
        self.context.bury(event, failure, attempts: attempts) {
            self.machine.buried()
            self.pump()
        }
    }

    /// The function may be known already; then a change of it is found out when an event is run.
    private func prepare() {
        guard !self.isLookingUp, self.context.plan != nil else { return self.lookUp() }
        self.isReady = true
        self.machine.resume()
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
                self.machine.hold()
                guard self.machine.hasWaiting else { return }
                self.hold(EventFailure(error: fault.sqlstate, message: fault.description))
                self.pump()
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
                outcome, plan: self.events.context.lastPlan, timeout: self.events.context.route.timeout,
                role: self.events.context.role)
            var mayHaveRun = false
            if case .unknown = outcome { mayHaveRun = true }
            self.events.answered(answer, self.entry, failure, mayHaveRun: mayHaveRun)
            self.events.pump()
        }
    }
}

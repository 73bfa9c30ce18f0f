import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration
import WAMP

/// Runs several events of one subscription at once, in no order, as calls run. On the event loop.
///
/// The driver of ``ConcurrentQueueStateMachine``.
final class ConcurrentEvents: QueuedEvents {
    /// Events in the pool's queue take places there that calls need.
    private static let mostInPool = 64

    let context: EventContext
    var queue: ConcurrentQueueStateMachine<ReceivedEvent>
    var flow = FlowStateMachine(sharesDelays: true)
    private var isPumping = false

    init(_ context: EventContext) {
        self.context = context
        let mapping = context.route.mapping
        self.queue = ConcurrentQueueStateMachine(
            retries: mapping.retries, most: min(mapping.concurrency * 8, Self.mostInPool))
    }

    func pump() {
        guard !self.isPumping else { return }
        self.isPumping = true
        defer { self.isPumping = false }
        self.giveUpIfEnding()
        while let entry = self.queue.next() {
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
        switch self.queue.answered(answer, entry) {
        case .done(let event):
            self.done(event)
        case .waiting:
            break
        case .hold:
            self.hold(failure)
        case .retry(let entry, let failures):
            if mayHaveRun { self.context.mayRunTwice() }
            self.context.retrying(failure)
            self.context.wait(failures: failures) {
                self.queue.sendAgain(entry)
                self.pump()
            }
        case .bury(let event, let attempts):
            self.bury(event, failure, attempts: attempts)
        case .lookUp:
            self.lookUp()
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

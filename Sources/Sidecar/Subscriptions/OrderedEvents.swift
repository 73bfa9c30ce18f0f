import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration
import WAMP

/// Runs the events of one subscription one after another, in their order, pipelined on one connection. On the event
/// loop.
///
/// The driver of ``EventQueueStateMachine``.
final class OrderedEvents: QueuedEvents, LeaseHandler, WorkHandler {
    /// How long the connection is kept without events.
    private static let idleTime = TimeAmount.milliseconds(20)
    /// How long setting the session's number may take.
    private static let numberTimeout = TimeAmount.seconds(10)

    let context: EventContext
    var queue: EventQueueStateMachine<ReceivedEvent>
    var flow = FlowStateMachine(sharesDelays: false)
    private var lease: Lease?
    private var isPumping = false
    private var isIdleTimerSet = false
    private var rows = 0

    init(_ context: EventContext) {
        self.context = context
        self.queue = EventQueueStateMachine(retries: context.route.mapping.retries, isHeld: true)
    }

    // MARK: - Sending

    func pump() {
        guard !self.isPumping else { return }
        self.isPumping = true
        defer { self.isPumping = false }
        self.giveUpIfEnding()
        while true {
            if let lease = self.lease, !lease.canSend { return }
            switch self.queue.next(othersWait: self.lease?.othersWait ?? false, at: .now()) {
            case .nothing:
                return self.watchForIdleness()
            case .lease:
                _ = self.context.pool.lease(lane: self.context.route.lane, handler: self)
            case .setNumber(let number):
                self.send(number)
            case .send(let event, let predecessor, let number):
                self.send(event, (predecessor, number))
            case .release:
                let lease = self.lease
                self.lease = nil
                lease?.release()
            }
        }
    }

    private func send(_ number: Int64) {
        var values = Parameters()
        values.append { JSON.write(integer: number, into: &$0) }
        self.rows = 0
        self.submit(.prepared(EventContext.setNumber, values), prelude: nil, timeout: Self.numberTimeout)
    }

    private func send(_ event: ReceivedEvent, _ numbers: (Int64, Int64)) {
        do throws(BindingError) {
            let command = try self.context.bind(event)
            self.submit(command, prelude: self.context.prelude(numbers), timeout: self.context.route.timeout)
        } catch {
            let failure = EventFailure(error: error.uri.text, message: error.message)
            self.run(self.queue.lastDoesNotFit(), failure)
        }
    }

    private func submit(_ command: Work.Command, prelude: (Statement, Parameters)?, timeout: TimeAmount) {
        let plan = self.context.plan
        // The result shows whether it was sent: a lost lease is reported.
        _ = self.lease?.send(
            Work(
                lane: self.context.route.lane, command: command, prelude: prelude, isSet: plan?.isSet ?? false,
                isExplicitTransaction: prelude != nil && plan?.isProcedure ?? false,
                // The statement that sets the number is the sidecar's own.
                isDisposable: prelude != nil && plan?.isUntrusted ?? false,
                mostOctets: ResultBound.unread.mostMessage, timeout: timeout,
                expires: .distantFuture, handler: self))
    }

    private func watchForIdleness() {
        guard self.queue.isLeaseUnused, !self.isIdleTimerSet else { return }
        self.isIdleTimerSet = true
        self.context.eventLoop.assumeIsolated().scheduleTask(in: Self.idleTime) {
            self.isIdleTimerSet = false
            guard self.queue.leaveIfUnused() else { return }
            let lease = self.lease
            self.lease = nil
            lease?.release()
        }
    }

    // MARK: - The connection

    func granted(_ lease: Lease) {
        self.lease = lease
        self.queue.granted(at: .now())
        self.pump()
    }

    func turnEnded(_ lease: Lease) {
        self.pump()
    }

    func lost(_ lease: Lease, reason: String?) {
        self.lease = nil
        self.queue.leaseLost()
        // Not at once: this call informs all waiting parties of the loss.
        self.context.eventLoop.assumeIsolated().execute { self.pump() }
    }

    // MARK: - Answers

    func received(_ row: borrowing ResultRow, of work: Work) {
        self.rows += 1
    }

    func restarted(_ work: Work) {}

    func ended(_ work: Work, outcome: WorkOutcome) {
        if work.prelude == nil { return self.numberEnded(outcome, work) }
        let (answer, failure) = EventFailure.answer(
            outcome, plan: self.context.lastPlan, timeout: self.context.route.timeout,
            role: self.context.role)
        let next = self.queue.answered(answer, ran: work.ran)
        if case .unknown = outcome, !next.isBurial { self.context.mayRunTwice() }
        self.run(next, failure)
    }

    private func numberEnded(_ outcome: WorkOutcome, _ work: Work) {
        switch outcome {
        case .committed where self.rows > 0:
            self.run(self.queue.answered(.committed, ran: work.ran), nil)
        case .unknown, .canceled, .refused:
            self.run(self.queue.answered(.failed(.connectionLost), ran: work.ran), nil)
        case .failed(let error):
            self.run(self.queue.answered(.failed(Verdict(sqlstate: error.sqlstate)), ran: work.ran), nil)
        case .committed, .timedOut:
            self.run(self.queue.answered(.failed(.own), ran: work.ran), nil)
        }
    }

    private func run(_ outcome: EventQueueStateMachine<ReceivedEvent>.Outcome, _ failure: EventFailure?) {
        switch outcome {
        case .none:
            break
        case .done(let event):
            self.done(event)
        case .hold:
            self.hold(failure)
        case .retry(let failures):
            self.context.retrying(failure)
            self.resume(after: failures)
        case .bury(let event, let attempts):
            self.bury(event, failure, attempts: attempts)
        case .lookUp:
            self.lookUp()
        case .broken:
            self.queue.hold()
            self.resume(after: 3)
            self.lease?.abandon("the session can't be used for events: it does not keep their numbers")
        }
    }
}

extension EventQueueStateMachine.Outcome {
    /// Whether the event is given up.
    var isBurial: Bool {
        if case .bury = self { true } else { false }
    }
}

import NIOCore
import Postgres
import SidecarConfiguration
import WAMP

/// Runs the events of one subscription one after another, in their order, pipelined on one connection. On the event loop.
///
/// The driver of ``EventQueueStateMachine``.
final class OrderedEvents: EventFlow, LeaseHandler, WorkHandler {
    /// For so long the connection is kept though nothing comes.
    private static let idleTime = TimeAmount.milliseconds(20)
    /// How long setting the session's number may take.
    private static let numberTimeout = TimeAmount.seconds(10)

    private let context: EventContext
    private var machine: EventQueueStateMachine<ReceivedEvent>
    private var lease: Lease?
    private var isPumping = false
    private var isIdleTimerSet = false
    private var isLookingUp = false
    /// Whether the function has been looked up, and can be called.
    private var isReady = false
    /// Why nothing can be run now.
    private var holding: EventFailure?
    /// How often it was tried again since.
    private var holds = 0
    /// A delay is under way, after which it is.
    private var isWaiting = false
    private var isEnding = false
    private var rows = 0

    init(_ context: EventContext) {
        self.context = context
        self.machine = EventQueueStateMachine(retries: context.route.mapping.retries, isHeld: true)
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

    // MARK: - Sending

    private func pump() {
        guard !self.isPumping else { return }
        self.isPumping = true
        defer { self.isPumping = false }
        if self.isEnding, let holding = self.holding { self.giveUp(holding) }
        while true {
            if let lease = self.lease, !lease.canSend { return }
            switch self.machine.next(othersWait: self.lease?.othersWait ?? false, at: .now()) {
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
            self.run(self.machine.lastDoesNotFit(), failure)
        }
    }

    private func submit(_ command: Work.Command, prelude: (Statement, Parameters)?, timeout: TimeAmount) {
        let plan = self.context.plan
        // Whether it was sent is known by what follows: a lost lease is told.
        _ = self.lease?.send(
            Work(
                lane: self.context.route.lane, command: command, prelude: prelude, isSet: plan?.isSet ?? false,
                isExplicitTransaction: prelude != nil && plan?.isProcedure ?? false,
                // The statement that sets the number is ours.
                isDisposable: prelude != nil && plan?.isUntrusted ?? false,
                mostOctets: ResultBound.unread.mostMessage, timeout: timeout,
                expires: .distantFuture, handler: self))
    }

    private func watchForIdleness() {
        guard self.machine.isLeaseUnused, !self.isIdleTimerSet else { return }
        self.isIdleTimerSet = true
        self.context.eventLoop.assumeIsolated().scheduleTask(in: Self.idleTime) {
            self.isIdleTimerSet = false
            guard self.machine.leaveIfUnused() else { return }
            let lease = self.lease
            self.lease = nil
            lease?.release()
        }
    }

    // MARK: - The connection

    func granted(_ lease: Lease) {
        self.lease = lease
        self.machine.granted(at: .now())
        self.pump()
    }

    func turnEnded(_ lease: Lease) {
        self.pump()
    }

    func lost(_ lease: Lease, reason: String?) {
        self.lease = nil
        self.machine.leaseLost()
        // Not at once: whoever is asked for another connection is told of the loss by this call.
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
        let next = self.machine.answered(answer, ran: work.ran)
        if case .unknown = outcome, !next.isBurial { self.context.mayRunTwice() }
        self.run(next, failure)
    }

    private func numberEnded(_ outcome: WorkOutcome, _ work: Work) {
        switch outcome {
        case .committed where self.rows > 0:
            self.run(self.machine.answered(.committed, ran: work.ran), nil)
        case .unknown, .canceled, .refused:
            self.run(self.machine.answered(.failed(.connectionLost), ran: work.ran), nil)
        case .committed, .failed, .timedOut:
            self.run(self.machine.answered(.failed(.own), ran: work.ran), nil)
        }
    }

    private func run(_ outcome: EventQueueStateMachine<ReceivedEvent>.Outcome, _ failure: EventFailure?) {
        switch outcome {
        case .none:
            break
        case .done(let event):
            self.holds = 0
            self.holding = nil
            self.context.done(event)
        case .hold:
            self.hold(failure ?? EventFailure(error: "53000", message: "the server can't run it now"))
        case .retry(let failures):
            self.context.retrying(failure)
            self.resume(after: failures)
        case .bury(let event, let attempts):
            self.bury(event, failure, attempts: attempts)
        case .lookUp:
            self.lookUp()
        case .broken:
            self.machine.hold()
            self.resume(after: 3)
            self.lease?.abandon("the session can't be used for events: it does not keep their numbers")
        }
    }

    private func bury(_ event: ReceivedEvent, _ failure: EventFailure?, attempts: Int) {
        self.context.bury(event, failure, attempts: attempts) {
            self.machine.buried()
            self.pump()
        }
    }

    /// Nothing can be run now, and no event is to blame: all wait, in their order.
    private func hold(_ failure: EventFailure) {
        self.holding = failure
        self.holds += 1
        self.context.hold(failure)
        self.resume(after: self.holds)
    }

    private func resume(after failures: Int) {
        self.isWaiting = true
        self.context.wait(failures: failures) {
            self.isWaiting = false
            // What the function is may be asked for at the same time.
            guard self.isReady else { return self.lookUp() }
            self.machine.resume()
            self.pump()
        }
    }

    // MARK: - The function

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
            case .fault(let fault):
                self.machine.hold()
                guard self.machine.hasWaiting else { break }
                self.hold(EventFailure(error: fault.sqlstate, message: fault.description))
            case .unavailable:
                self.context.wait(failures: 3) { self.lookUp() }
            }
            self.pump()
        }
    }

    /// There is no time to wait: what can't be run becomes dead letters, as many at a time as may be.
    private func giveUp(_ failure: EventFailure) {
        while let (event, attempts) = self.machine.giveUpFirst() { self.bury(event, failure, attempts: attempts) }
    }
}

extension EventQueueStateMachine.Outcome {
    /// Whether the event is given up.
    var isBurial: Bool {
        if case .bury = self { true } else { false }
    }
}

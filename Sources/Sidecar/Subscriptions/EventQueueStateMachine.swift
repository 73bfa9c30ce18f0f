import DequeModule
import Functions
import NIOCore

/// In which order the events of one subscription are sent, and which are sent again.
///
/// Events are pipelined on one connection (a lease). Each but the first is sent with the number of its predecessor, and
/// runs only if the session's setting shows that the predecessor was the last one committed. So events behind a failed
/// one are refused, and come again behind it. After any failure nothing is sent until all events under way have been
/// answered; then the session's number is set again. An event can also take away the session's prepared statements:
/// then those behind it have not run either, and come again in another session.
///
/// Generic over the event, and without a clock, so that a test needs no database.
struct EventQueueStateMachine<Event> {
    /// How deep the pipeline can become.
    static var greatestDepth: Int { 128 }
    /// How much of the functions' time may be under way: sent events can't be recalled, and others wait for the
    /// connection.
    private static var timeUnderWay: TimeAmount { .milliseconds(20) }
    /// After this many events, or this long, the connection is returned if others wait for it.
    private static var greatestLease: Int { 1000 }
    private static var longestLease: TimeAmount { .milliseconds(100) }
    /// The most events at a time on their way to the dead letters.
    private static var mostLetters: Int { 256 }

    /// An event on its way.
    struct Entry {
        let event: Event
        /// What has been tried already.
        var attempts = Attempts()
    }

    /// The next step.
    enum Step {
        case nothing
        /// Ask for a connection.
        case lease
        /// Set the session's number, in its own transaction.
        case setNumber(Int64)
        /// Send the event: it may run if the session's number is that of its predecessor; its own number then replaces
        /// it.
        case send(Event, predecessor: Int64, number: Int64)
        /// Return the connection.
        case release
    }

    /// The fate of an answered event.
    enum Outcome {
        /// None.
        case none
        /// It has run.
        case done(Event)
        /// It is sent again when ``resume()`` is called, after a delay for this many failures.
        case retry(failures: Int)
        /// It is given up, after so many attempts. ``buried()`` must follow when its dead letter is written.
        case bury(Event, attempts: Int)
        /// The function must be looked up before it is sent again, by ``resume()``.
        case lookUp
        /// It is sent again when ``resume()`` is called, however often that takes.
        case hold
        /// The session's number could not be set.
        case broken
    }

    private enum Connection {
        case none
        case wanted
        case leased(since: NIODeadline, sent: Int)
        /// Returned when all sent events have been answered.
        case leaving
    }

    private enum Sent {
        case number
        /// `isFirst`: only the number was sent ahead of it.
        case event(Entry, isFirst: Bool)
    }

    private let rules: RunRules
    private var waiting = Deque<Entry>()
    private var underWay = Deque<Sent>()
    /// The returning events, in order: they go ahead of the waiting ones when nothing is under way any more.
    private var again: [Entry] = []
    private var connection = Connection.none
    /// Nothing is sent until ``resume()``.
    private var isHeld: Bool
    /// A failure: nothing is sent until all events have been answered.
    private var isBroken = false
    /// The session's number is that of the last sent event.
    private var isNumberSet = false
    /// The last time, the statement that sets it was missing in the session.
    private var wasNumberMissing = false
    private var isStopped = false
    /// While it is true nothing is sent, and nothing given up: another sidecar may have to run the new events.
    var isSuspended = false {
        didSet { self.cameSuspended = 0 }
    }
    /// So many of the waiting events, the last ones, came while suspended.
    private var cameSuspended = 0
    private var lastNumber: Int64 = 0
    private var letters = 0
    /// The recent durations of the functions; at first as if they were slow.
    private var usualRun = TimeAmount.milliseconds(5)

    /// - Parameters:
    ///   - retries: how often an event is tried again.
    ///   - isHeld: nothing is sent until ``resume()``.
    init(retries: Int, isHeld: Bool) {
        self.rules = .event(retries: retries)
        self.isHeld = isHeld
    }

    /// Whether all events have run, or their dead letters are written.
    var isIdle: Bool { self.underWay.isEmpty && !self.hasWaiting && self.letters == 0 }

    /// Whether an event waits to be sent.
    var hasWaiting: Bool { !self.waiting.isEmpty || !self.again.isEmpty }

    /// How many wait to be sent, or sent again.
    var waitingCount: Int { self.waiting.count + self.again.count }

    /// How many are on their way to the function, or to the dead letters.
    var inProgressCount: Int {
        self.letters
            + self.underWay.count { sent in
                switch sent {
                case .number: false
                case .event: true
                }
            }
    }

    /// The event that is sent next.
    var firstWaiting: Event? { (self.again.first ?? self.waiting.first)?.event }

    /// Whether a connection is held without use.
    var isLeaseUnused: Bool {
        guard case .leased = self.connection else { return false }
        return self.underWay.isEmpty && !self.hasWaiting
    }

    // MARK: - Events

    /// An event has come.
    mutating func append(_ event: Event) {
        self.waiting.append(Entry(event: event))
        if self.isSuspended { self.cameSuspended += 1 }
    }

    /// Removes the events that came while suspended.
    mutating func drop() -> [Event] {
        let dropped = self.waiting.suffix(self.cameSuspended).map(\.event)
        self.waiting.removeLast(dropped.count)
        self.cameSuspended = 0
        return dropped
    }

    /// The delay is over, or the function has been looked up.
    mutating func resume() {
        self.isHeld = false
    }

    /// Nothing is sent until ``resume()``: the function is not known, or can't be called. The next event is not to
    /// blame: when the function can be called, it may change once more before the event runs.
    mutating func hold() {
        self.isHeld = true
        guard var first = self.waiting.popFirst() else { return }
        first.attempts.forgetLook()
        self.waiting.prepend(first)
    }

    /// The dead letter of an event that was given up is written, or can't be.
    mutating func buried() {
        self.letters -= 1
    }

    /// Nothing more is sent. Returns the waiting events.
    mutating func stop() -> [Event] {
        self.isStopped = true
        self.putBack()
        defer { self.waiting.removeAll() }
        self.cameSuspended = 0
        return self.waiting.map(\.event)
    }

    /// Gives up the event that would be sent next: it can't be bound, or its function can't be called.
    mutating func giveUpFirst() -> (event: Event, attempts: Int)? {
        guard !self.isSuspended, self.underWay.isEmpty, self.letters < Self.mostLetters,
            let entry = self.waiting.popFirst()
        else { return nil }
        self.letters += 1
        return (entry.event, entry.attempts.count)
    }

    // MARK: - Sending

    /// The next step; called until there is none.
    ///
    /// - Parameter othersWait: whether others wait for the connection.
    mutating func next(othersWait: Bool, at now: NIODeadline) -> Step {
        switch self.connection {
        case .none:
            guard self.mayGoOn, !self.waiting.isEmpty else { return .nothing }
            self.connection = .wanted
            return .lease
        case .wanted:
            return .nothing
        case .leaving:
            return self.leaveIfIdle()
        case .leased(let since, let sent):
            guard self.mayGoOn else {
                // Others can use it meanwhile.
                guard self.underWay.isEmpty else { return .nothing }
                self.connection = .leaving
                return self.leaveIfIdle()
            }
            guard !self.isBroken else { return .nothing }
            if othersWait, sent >= Self.greatestLease || now - since >= Self.longestLease {
                self.connection = .leaving
                return self.leaveIfIdle()
            }
            return self.send(since: since, sent: sent)
        }
    }

    private var mayGoOn: Bool {
        !self.isHeld && !self.isSuspended && !self.isStopped && self.letters < Self.mostLetters
    }

    private mutating func leaveIfIdle() -> Step {
        guard self.underWay.isEmpty else { return .nothing }
        self.connection = .none
        return .release
    }

    private mutating func send(since: NIODeadline, sent: Int) -> Step {
        guard !self.waiting.isEmpty, self.underWay.count < self.depth else { return .nothing }
        guard self.isNumberSet else {
            self.isNumberSet = true
            self.underWay.append(.number)
            return .setNumber(self.lastNumber)
        }
        let entry = self.waiting.removeFirst()
        let predecessor = self.lastNumber
        self.lastNumber += 1
        var isFirst = false
        if self.underWay.count == 1, case .number? = self.underWay.first { isFirst = true }
        self.underWay.append(.event(entry, isFirst: isFirst))
        self.connection = .leased(since: since, sent: sent + 1)
        return .send(entry.event, predecessor: predecessor, number: self.lastNumber)
    }

    /// How many may be under way: as many as the functions run in a certain time.
    private var depth: Int {
        let fitting = Self.timeUnderWay.nanoseconds / max(self.usualRun.nanoseconds, 1)
        return min(max(Int(fitting), 2), Self.greatestDepth)
    }

    /// The next event can't be sent: its values don't fit the known definition of the function. They may fit the
    /// present one; otherwise the event is given up.
    mutating func lastDoesNotFit() -> Outcome {
        guard case .event(var entry, _)? = self.underWay.popLast() else { return .none }
        self.lastNumber -= 1
        switch entry.attempts.next(after: .definition, self.rules) {
        case .again, .wait, .lookUp:
            self.waiting.prepend(entry)
            self.isHeld = true
            return .lookUp
        case .giveUp(let attempts):
            self.letters += 1
            return .bury(entry.event, attempts: attempts)
        }
    }

    // MARK: - Answers

    /// The oldest event under way was answered.
    mutating func answered(_ answer: EventAnswer, ran: TimeAmount) -> Outcome {
        guard let first = self.underWay.popFirst() else { return .none }
        defer { self.beginAnewIfIdle() }
        guard case .event(let entry, let isFirst) = first else { return self.numberAnswered(answer) }
        switch answer {
        case .committed:
            self.usualRun = .nanoseconds((self.usualRun.nanoseconds * 7 + ran.nanoseconds) / 8)
            return .done(entry.event)
        case .refused where isFirst && !self.isBroken:
            // Its predecessor's number was just set: something else changes it.
            return self.failed(entry, .conflict)
        case .refused:
            self.isBroken = true
            self.again.append(entry)
            return .none
        case .failed(.notPrepared) where !isFirst || self.isBroken:
            // It has not run, and what ran ahead of it can have taken its statement away.
            self.isBroken = true
            self.again.append(entry)
            return .none
        case .failed(let verdict) where verdict.endsConnection && self.isBroken:
            // Only the first of them was running.
            self.again.append(entry)
            return .none
        case .failed(let verdict):
            return self.failed(entry, verdict)
        }
    }

    private mutating func failed(_ entry: Entry, _ verdict: Verdict) -> Outcome {
        self.isBroken = true
        var entry = entry
        let outcome: Outcome
        switch entry.attempts.next(after: verdict, self.rules) {
        case .again(let failures): outcome = .retry(failures: failures)
        case .wait: outcome = .hold
        case .lookUp: outcome = .lookUp
        case .giveUp(let attempts):
            self.letters += 1
            return .bury(entry.event, attempts: attempts)
        }
        self.again.append(entry)
        self.isHeld = true
        return outcome
    }

    private mutating func numberAnswered(_ answer: EventAnswer) -> Outcome {
        switch answer {
        case .committed:
            self.wasNumberMissing = false
            return .none
        case .failed(.notPrepared) where !self.wasNumberMissing:
            // The session is given up: a function that ran there before has taken the statement away.
            self.wasNumberMissing = true
            self.isBroken = true
            return .none
        case .failed(let verdict) where verdict.endsConnection:
            // Nothing has run.
            self.isBroken = true
            return .none
        case .refused, .failed:
            self.isBroken = true
            return .broken
        }
    }

    private mutating func beginAnewIfIdle() {
        guard self.underWay.isEmpty, self.isBroken else { return }
        self.isBroken = false
        self.isNumberSet = false
        self.putBack()
    }

    private mutating func putBack() {
        while let entry = self.again.popLast() { self.waiting.prepend(entry) }
    }

    // MARK: - The connection

    /// The connection has come.
    mutating func granted(at now: NIODeadline) {
        self.connection = .leased(since: now, sent: 0)
        self.isNumberSet = false
    }

    /// The connection is lost; unanswered events have been reported before, except those that could not be sent.
    mutating func leaseLost() {
        for case .event(let entry, _) in self.underWay { self.again.append(entry) }
        self.underWay.removeAll()
        self.isBroken = false
        self.isNumberSet = false
        self.connection = .none
        self.putBack()
    }

    /// No event has come for a while: the connection is returned, if it is not in use.
    mutating func leaveIfUnused() -> Bool {
        guard self.isLeaseUnused else { return false }
        self.connection = .none
        return true
    }
}

import DequeModule
import Functions
import NIOCore

/// In which order the events of one subscription are sent, and which are sent again.
///
/// Events are pipelined on one connection (a lease). Each but the first is sent with the number of its predecessor, and runs only if the
/// session's setting says that this is the last that was committed: so what was sent behind an event that fails is refused, and comes again
/// behind it. After any failure nothing is sent until all that is under way has been answered; then the session's number is set anew.
///
/// Generic over what an event is, and without a clock, so that the rule can be tested without a database.
struct EventQueueStateMachine<Event> {
    /// How deep the pipeline can become.
    static var greatestDepth: Int { 128 }
    /// How much of the functions' time may be under way: what is under way can't be taken back, and others wait for the connection.
    private static var timeUnderWay: TimeAmount { .milliseconds(20) }
    /// After this many events, or this long, the connection is given back if others wait for it.
    private static var greatestLease: Int { 1000 }
    private static var longestLease: TimeAmount { .milliseconds(100) }
    /// So many events at a time may be on their way to the dead letters.
    private static var mostLetters: Int { 256 }

    /// An event on its way.
    struct Entry {
        let event: Event
        /// What has been tried already.
        var attempts = Attempts()
    }

    /// What to do now.
    enum Step {
        case nothing
        /// Ask for a connection.
        case lease
        /// Set the session's number, in a transaction of its own.
        case setNumber(Int64)
        /// Send the event: it may run if the session's number is that of its predecessor, which becomes its own then.
        case send(Event, predecessor: Int64, number: Int64)
        /// Give the connection back.
        case release
    }

    /// What becomes of an event that was answered.
    enum Outcome {
        /// Nothing to tell.
        case none
        /// It has run.
        case done(Event)
        /// It is sent again when ``resume()`` is called, after a delay for this many failures.
        case retry(failures: Int)
        /// It is given up, after so many attempts. Tell by ``buried()`` when its letter is written.
        case bury(Event, attempts: Int)
        /// The function is to be looked up before it is sent again, when ``resume()`` is called.
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
        /// Given back when all that was sent has been answered.
        case leaving
    }

    private enum Sent {
        case number
        /// `isFirst`: nothing but the number was sent ahead of it.
        case event(Entry, isFirst: Bool)
    }

    private let rules: RunRules
    private var waiting = Deque<Entry>()
    private var underWay = Deque<Sent>()
    /// What comes again, in order: it goes ahead of what waits when nothing is under way any more.
    private var again: [Entry] = []
    private var connection = Connection.none
    /// Nothing is sent until ``resume()``.
    private var isHeld: Bool
    /// Something has failed: nothing is sent until all has been answered.
    private var isBroken = false
    /// The session's number is that of the last event that was sent.
    private var isNumberSet = false
    private var isStopped = false
    /// Nothing is sent, and nothing given up, as long as it is true: whether what comes meanwhile is ours to run is not known.
    var isSuspended = false {
        didSet { self.cameSuspended = 0 }
    }
    /// So many of those that wait, the last, came while suspended.
    private var cameSuspended = 0
    private var lastNumber: Int64 = 0
    private var letters = 0
    /// How long the functions run of late; at first as if they were slow.
    private var usualRun = TimeAmount.milliseconds(5)

    /// - Parameters:
    ///   - retries: how often an event is tried again.
    ///   - isHeld: nothing is sent until ``resume()``.
    init(retries: Int, isHeld: Bool) {
        self.rules = .event(retries: retries)
        self.isHeld = isHeld
    }

    /// Whether all events have run, or their letters are written.
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

    /// Whether a connection is held that nothing is sent on.
    var isLeaseUnused: Bool {
        guard case .leased = self.connection else { return false }
        return self.underWay.isEmpty && !self.hasWaiting
    }

    // MARK: - Events

    /// An event came.
    mutating func append(_ event: Event) {
        self.waiting.append(Entry(event: event))
        if self.isSuspended { self.cameSuspended += 1 }
    }

    /// Takes away those that came while suspended.
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

    /// Nothing is sent until ``resume()``: the function is not known, or can't be called. That is not the next event's fault: when it can be, it
    /// may change once more before the event runs.
    mutating func hold() {
        self.isHeld = true
        guard var first = self.waiting.popFirst() else { return }
        first.attempts.forgetLook()
        self.waiting.prepend(first)
    }

    /// The letter of an event that was given up is written, or can't be.
    mutating func buried() {
        self.letters -= 1
    }

    /// Nothing more is sent. Returns what waits.
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

    /// What to do now; to be asked until it is nothing.
    ///
    /// - Parameter othersWait: whether somebody else wants the connection.
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

    /// How many may be under way: as many as the functions run in a while.
    private var depth: Int {
        let fitting = Self.timeUnderWay.nanoseconds / max(self.usualRun.nanoseconds, 1)
        return min(max(Int(fitting), 2), Self.greatestDepth)
    }

    /// What was to be sent last can't be: its values don't fit the function as it is known. They may fit it as it is; else it is given up.
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

    /// The oldest of what is under way was answered.
    mutating func answered(_ answer: EventAnswer, ran: TimeAmount) -> Outcome {
        guard let first = self.underWay.popFirst() else { return .none }
        defer { self.beginAnewIfIdle() }
        guard case .event(let entry, let isFirst) = first else { return self.numberAnswered(answer) }
        switch answer {
        case .committed:
            self.usualRun = .nanoseconds((self.usualRun.nanoseconds * 7 + ran.nanoseconds) / 8)
            return .done(entry.event)
        case .refused where isFirst:
            // Its predecessor is the number that was just set: something else changes it.
            return self.failed(entry, .conflict)
        case .refused:
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

    /// The connection is there.
    mutating func granted(at now: NIODeadline) {
        self.connection = .leased(since: now, sent: 0)
        self.isNumberSet = false
    }

    /// The connection is gone; what was not answered has been told before, but for what could not be sent.
    mutating func leaseLost() {
        for case .event(let entry, _) in self.underWay { self.again.append(entry) }
        self.underWay.removeAll()
        self.isBroken = false
        self.isNumberSet = false
        self.connection = .none
        self.putBack()
    }

    /// Nothing has come for a while: the connection is given back, if it is not in use.
    mutating func leaveIfUnused() -> Bool {
        guard self.isLeaseUnused else { return false }
        self.connection = .none
        return true
    }
}

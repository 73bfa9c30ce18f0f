import DequeModule
import Functions

/// Which events of a subscription without order are sent, and which are sent again.
///
/// Generic over the event, and without a clock, so that a test needs no database.
struct ConcurrentQueueStateMachine<Event> {
    /// An event on its way.
    struct Entry {
        let event: Event
        /// What has been tried already.
        var attempts = Attempts()
        /// How many others had run when it was sent.
        fileprivate var runsBefore = 0
    }

    /// The fate of an answered event.
    enum Outcome {
        /// It has run.
        case done(Event)
        /// It has not run, and waits to be sent again.
        case waiting
        /// ``sendAgain(_:)`` must follow after a delay for this many failures.
        case retry(Entry, failures: Int)
        /// It is given up, after so many attempts. ``buried()`` must follow when its dead letter is written.
        case bury(Event, attempts: Int)
        /// Nothing more is sent until ``resume()`` is called; then it is sent again, however often that takes.
        case hold
        /// The function must be looked up before more is sent, by ``resume()``.
        case lookUp
    }

    /// The most events at a time on their way to the dead letters.
    private static var mostLetters: Int { 256 }

    private let rules: RunRules
    private let most: Int
    private var waiting = Deque<Entry>()
    private var underWay = 0
    /// The events that wait for their delay.
    private var delayed = 0
    private var letters = 0
    /// How many have run, with success or not.
    private var runs = 0
    private var isHeld = true
    private var isStopped = false
    /// While it is true nothing is sent, and nothing given up: another sidecar may have to run the new events.
    var isSuspended = false {
        didSet { self.cameSuspended = 0 }
    }
    /// So many of the waiting events, the last ones, came while suspended.
    private var cameSuspended = 0

    /// - Parameters:
    ///   - retries: how often an event is tried again.
    ///   - most: how many may be under way.
    init(retries: Int, most: Int) {
        self.rules = .event(retries: retries)
        self.most = most
    }

    /// Whether all events have run, or their dead letters are written.
    var isIdle: Bool { self.underWay == 0 && self.waiting.isEmpty && self.delayed == 0 && self.letters == 0 }

    /// Whether an event waits to be sent.
    var hasWaiting: Bool { !self.waiting.isEmpty }

    /// How many wait to be sent.
    var waitingCount: Int { self.waiting.count }

    /// How many are on their way to the function, wait for their delay, or are on their way to the dead letters.
    var inProgressCount: Int { self.underWay + self.delayed + self.letters }

    /// The event that is sent next.
    var firstWaiting: Event? { self.waiting.first?.event }

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

    /// The function has been looked up.
    mutating func resume() {
        self.isHeld = false
    }

    /// Nothing is sent until ``resume()``: the function can't be called, which is no event's fault.
    mutating func hold() {
        self.isHeld = true
        for index in self.waiting.indices.prefix(self.most) { self.waiting[index].attempts.forgetLook() }
    }

    /// The dead letter of an event that was given up is written, or can't be.
    mutating func buried() {
        self.letters -= 1
    }

    /// The delay of an event that failed is over.
    mutating func sendAgain(_ entry: Entry) {
        self.delayed -= 1
        self.waiting.prepend(entry)
    }

    /// The next event to send, nil if none can be sent now.
    mutating func next() -> Entry? {
        guard !self.isHeld, !self.isSuspended, !self.isStopped, self.underWay < self.most,
            self.letters < Self.mostLetters,
            var entry = self.waiting.popFirst()
        else { return nil }
        self.underWay += 1
        entry.runsBefore = self.runs
        return entry
    }

    /// Gives up the next event: its function can't be called.
    mutating func giveUpFirst() -> (event: Event, attempts: Int)? {
        guard !self.isSuspended, self.letters < Self.mostLetters, let entry = self.waiting.popFirst() else {
            return nil
        }
        self.letters += 1
        return (entry.event, entry.attempts.count)
    }

    /// A sent event was answered.
    mutating func answered(_ answer: EventAnswer, _ entry: Entry) -> Outcome {
        self.underWay -= 1
        switch answer {
        case .committed:
            self.runs += 1
            return .done(entry.event)
        // Nothing is sent under the guard.
        case .refused:
            return self.failed(entry, .conflict)
        case .failed(.notPrepared) where entry.runsBefore != self.runs:
            // One of those that have run meanwhile can have taken its statement away.
            self.waiting.prepend(entry)
            return .waiting
        case .failed(.notPrepared):
            return self.failed(entry, .notPrepared)
        case .failed(let verdict):
            self.runs += 1
            return self.failed(entry, verdict)
        }
    }

    private mutating func failed(_ entry: Entry, _ verdict: Verdict) -> Outcome {
        var entry = entry
        switch entry.attempts.next(after: verdict, self.rules) {
        case .again(let failures):
            self.delayed += 1
            return .retry(entry, failures: failures)
        case .wait:
            self.waiting.prepend(entry)
            self.isHeld = true
            return .hold
        case .lookUp:
            self.waiting.prepend(entry)
            self.isHeld = true
            return .lookUp
        case .giveUp(let attempts):
            self.letters += 1
            return .bury(entry.event, attempts: attempts)
        }
    }

    /// Nothing more is sent. Returns the waiting events.
    mutating func stop() -> [Event] {
        self.isStopped = true
        defer { self.waiting.removeAll() }
        self.cameSuspended = 0
        return self.waiting.map(\.event)
    }
}

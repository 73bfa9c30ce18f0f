import NIOCore
import Names

/// Why an event is kept nowhere.
enum EventLoss: String, CaseIterable {
    /// Too many waited.
    case overflow
    /// It failed, and there are no dead letters: the SQL interface is not installed.
    case noDeadLetters = "no_dead_letters"
    /// It failed, and its dead letter can't be written.
    case notWritten = "not_written"
    /// It was left to another sidecar, which leads and has it too.
    case leftToLeader = "left_to_leader"
    /// The process stops.
    case stopping

    /// Its place in the counts.
    fileprivate var index: Int {
        switch self {
        case .overflow: 0
        case .noDeadLetters: 1
        case .notWritten: 2
        case .leftToLeader: 3
        case .stopping: 4
        }
    }
}

/// What is counted of the events of one topic. On the event loop.
///
/// Each event that was received is done, dead or lost at last, and waits or is in progress until then. A dead letter
/// that is tried again counts as one more event.
final class SubscriptionSlot: MetricSlot {
    let label: String
    private(set) var received = 0
    private(set) var done = 0
    private(set) var dead = 0
    private var losses = [Int](repeating: 0, count: EventLoss.allCases.count)
    /// Dead letters that were written: a letter that fails again is none.
    private(set) var letters = 0
    /// How long it took from an event's arrival until its function had run.
    private(set) var duration = Histogram()
    /// How its events do of late.
    private(set) var trend = RouteTrend()

    init(label: String) {
        self.label = label
    }

    /// How many were lost for a reason.
    func lost(_ reason: EventLoss) -> Int { self.losses[reason.index] }

    /// How many have ended.
    var ended: Int { self.done + self.dead + self.losses.reduce(0, +) }

    /// An event came.
    func eventCame() {
        self.received += 1
    }

    /// Its function has run, so long after it came.
    func eventDone(after time: TimeAmount) {
        self.done += 1
        self.duration.observe(nanoseconds: time.nanoseconds)
    }

    /// It is a dead letter.
    ///
    /// - Parameter isNew: whether it was none before.
    func eventDied(isNew: Bool) {
        self.dead += 1
        if isNew { self.letters += 1 }
    }

    /// It is kept nowhere.
    func eventLost(_ reason: EventLoss) {
        self.losses[reason.index] += 1
    }

    /// Time has passed.
    func look(at now: NIODeadline) {
        self.trend.look(self.received, self.duration, at: now)
    }

    func add(_ other: SubscriptionSlot) {
        self.received += other.received
        self.done += other.done
        self.dead += other.dead
        for index in self.losses.indices { self.losses[index] += other.losses[index] }
        self.letters += other.letters
        self.duration.add(other.duration)
    }
}

import NIOCore

/// The events that the router has been sent, until their rows are taken out of the table: in batches where it has them.
///
/// Answers of one run only; but statements that take rows out of the table are counted until they are answered, in
/// whichever run that is.
struct DeliveryStateMachine: ~Copyable {
    /// What is known of an event that was sent.
    struct Event: Equatable {
        let topic: String
        let octets: Int
    }

    /// Events whose rows are deleted together.
    struct Batch: Equatable {
        let ids: [Int64]
        let octets: Int
    }

    /// Acknowledged events are deleted at the latest when they are so many.
    static let mostAcknowledged = 200

    /// How long the router may say nothing.
    var patience: TimeAmount
    /// Events that the router has said nothing about yet.
    private var unanswered: [Int64: Event] = [:]
    /// When it last said something, or began to have something to say.
    private var lastAnswer: NIODeadline = .distantPast
    private var acknowledged: [Int64] = []
    private var acknowledgedOctets = 0
    /// Statements that take rows out of the table, and have not been answered.
    private var removals = 0

    /// - Parameter patience: how long the router may say nothing while it has something to say.
    init(patience: TimeAmount) {
        self.patience = patience
    }

    /// Whether the router has answered for all that it was sent.
    var isAllAnswered: Bool { self.unanswered.isEmpty }
    /// Whether all that was taken out of the table is known to be out of it.
    var isAllRemoved: Bool { self.removals == 0 }
    /// The events that the router has said nothing about.
    var underWay: some Collection<Int64> { self.unanswered.keys }

    /// The topic of an event that the router has said nothing about; nil if it is none.
    func topic(of id: Int64) -> String? { self.unanswered[id]?.topic }

    /// Whether the router has been silent for too long.
    func isRouterSilent(at now: NIODeadline) -> Bool {
        !self.unanswered.isEmpty && now - self.lastAnswer > self.patience
    }

    /// An event is sent to the router.
    mutating func sent(_ id: Int64, topic: String, octets: Int, at now: NIODeadline) {
        if self.unanswered.isEmpty { self.lastAnswer = now }
        self.unanswered[id] = Event(topic: topic, octets: octets)
    }

    /// The router has the event: its row is deleted with the next batch. Returns nil if it was not under way.
    mutating func taken(_ id: Int64, at now: NIODeadline) -> Event? {
        guard let event = self.answered(id, at: now) else { return nil }
        self.acknowledged.append(id)
        self.acknowledgedOctets += event.octets
        return event
    }

    /// The router does not take the event. Returns nil if it was not under way.
    mutating func refused(_ id: Int64, at now: NIODeadline) -> Event? {
        self.answered(id, at: now)
    }

    private mutating func answered(_ id: Int64, at now: NIODeadline) -> Event? {
        guard let event = self.unanswered.removeValue(forKey: id) else { return nil }
        self.lastAnswer = now
        return event
    }

    /// What is to be deleted now, if anything: all that the router has, once it has answered for everything or that is
    /// enough.
    mutating func batch() -> Batch? {
        guard self.unanswered.isEmpty || self.acknowledged.count >= Self.mostAcknowledged else { return nil }
        return self.rest()
    }

    /// The run ends: nothing is under way any more. Returns what the router has: that need not be published again.
    mutating func ended() -> Batch? {
        self.unanswered.removeAll()
        return self.rest()
    }

    private mutating func rest() -> Batch? {
        guard !self.acknowledged.isEmpty else { return nil }
        let batch = Batch(ids: self.acknowledged, octets: self.acknowledgedOctets)
        self.acknowledged.removeAll(keepingCapacity: true)
        self.acknowledgedOctets = 0
        self.removals += 1
        return batch
    }

    /// A statement is sent that moves one row to the dead letters.
    mutating func removalBegan() {
        self.removals += 1
    }

    /// A statement that takes rows out of the table has been answered, in whatever way.
    mutating func removalEnded() {
        self.removals -= 1
    }
}

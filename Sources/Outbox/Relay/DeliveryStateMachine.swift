import NIOCore

/// The events sent to the router, until their rows are deleted from the table: in batches of acknowledged ones.
///
/// It takes the answers of one run only; but statements that delete rows count until they are answered, in any run.
struct DeliveryStateMachine: ~Copyable {
    /// Facts about a sent event.
    struct Event: Equatable {
        let topic: String
        let octets: Int
        let published: PublishTime
    }

    /// Events whose rows are deleted together.
    struct Batch: Equatable {
        let ids: [Int64]
        let octets: Int
    }

    /// So many acknowledged events are deleted at once at the latest.
    static let mostAcknowledged = 200

    /// How long the router may say nothing.
    var patience: TimeAmount
    /// Events that the router has not answered yet.
    private var unanswered: [Int64: Event] = [:]
    /// When it last answered, or began to owe an answer.
    private var lastAnswer: NIODeadline = .distantPast
    private var acknowledged: [Int64] = []
    private var acknowledgedOctets = 0
    /// Statements that delete rows and have not been answered.
    private var removals = 0

    /// - Parameter patience: how long the router may owe an answer without giving any.
    init(patience: TimeAmount) {
        self.patience = patience
    }

    /// Whether the router has answered all events.
    var isAllAnswered: Bool { self.unanswered.isEmpty }
    /// Whether all rows to be deleted are known to be deleted.
    var isAllRemoved: Bool { self.removals == 0 }
    /// The events that the router has not answered.
    var underWay: some Collection<Int64> { self.unanswered.keys }

    /// The topic of an event that the router has not answered; nil for any other.
    func topic(of id: Int64) -> String? { self.unanswered[id]?.topic }

    /// Whether the router has been silent for too long.
    func isRouterSilent(at now: NIODeadline) -> Bool {
        !self.unanswered.isEmpty && now - self.lastAnswer > self.patience
    }

    /// An event is sent to the router.
    mutating func sent(_ id: Int64, topic: String, octets: Int, published: PublishTime, at now: NIODeadline) {
        if self.unanswered.isEmpty { self.lastAnswer = now }
        self.unanswered[id] = Event(topic: topic, octets: octets, published: published)
    }

    /// The router has accepted the event: its row is deleted with the next batch. Returns nil if it was not under way.
    mutating func taken(_ id: Int64, at now: NIODeadline) -> Event? {
        guard let event = self.answered(id, at: now) else { return nil }
        self.acknowledged.append(id)
        self.acknowledgedOctets += event.octets
        return event
    }

    /// The router has refused the event. Returns nil if it was not under way.
    mutating func refused(_ id: Int64, at now: NIODeadline) -> Event? {
        self.answered(id, at: now)
    }

    private mutating func answered(_ id: Int64, at now: NIODeadline) -> Event? {
        guard let event = self.unanswered.removeValue(forKey: id) else { return nil }
        self.lastAnswer = now
        return event
    }

    /// The events to delete now, if any: all that the router has accepted, once it has answered all events or enough of
    /// them.
    mutating func batch() -> Batch? {
        guard self.unanswered.isEmpty || self.acknowledged.count >= Self.mostAcknowledged else { return nil }
        return self.rest()
    }

    /// The run ends: nothing is under way any more. Returns the accepted events, which need not be published again.
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

    /// A statement that deletes rows has been answered, in any way.
    mutating func removalEnded() {
        self.removals -= 1
    }
}

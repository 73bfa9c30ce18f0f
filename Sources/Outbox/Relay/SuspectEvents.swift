/// Events that were under way when a session with the router ended: one of them may have ended it.
///
/// The router does not name it. So events that were under way twice are sent one at a time, and an event that was alone
/// again and again when the session ended is given up: otherwise it would be the first of every further session.
struct SuspectEvents {
    private struct Entry {
        /// How many sessions ended while it was under way.
        var losses = 0
        /// How many of them while nothing else was under way.
        var alone = 0
    }

    /// No more are remembered; a scan has fewer rows.
    private static let most = 10_000
    /// After having been under way so many times, they are sent one at a time.
    private static let patience = 2

    private let attempts: Int
    private var entries: [Int64: Entry] = [:]
    private var careful = 0

    /// - Parameter attempts: how many sessions an event may end, alone; one can always be an accident.
    init(attempts: Int) {
        self.attempts = max(attempts, 2)
    }

    /// Whether events must be sent one at a time.
    var areSentAlone: Bool { self.careful > 0 }

    /// Whether the event was under way when an earlier session ended.
    func isSuspect(_ id: Int64) -> Bool { self.entries[id] != nil }

    /// A session ended while these were under way. Returns the one to give up, if any, and how many sessions it ended.
    mutating func sessionEnded(underWay ids: some Collection<Int64>) -> (id: Int64, sessions: Int)? {
        var given: (Int64, Int)?
        for id in ids {
            var entry = self.entries[id] ?? Entry()
            guard entry.losses > 0 || self.entries.count < Self.most else { continue }
            entry.losses += 1
            if ids.count == 1 { entry.alone += 1 }
            if entry.losses == Self.patience { self.careful += 1 }
            self.entries[id] = entry
            if entry.alone >= self.attempts { given = (id, entry.alone) }
        }
        if let given { self.settled(given.0) }
        return given
    }

    /// The router has answered it: it was not the cause.
    mutating func settled(_ id: Int64) {
        guard !self.entries.isEmpty, let entry = self.entries.removeValue(forKey: id) else { return }
        if entry.losses >= Self.patience { self.careful -= 1 }
    }

    /// The outbox is empty, or its ids have another meaning now.
    mutating func removeAll() {
        self.entries.removeAll()
        self.careful = 0
    }
}

import NIOCore

/// The topics whose first event the router refuses for the moment: their events wait in the outbox, all others go on.
struct HeldTopics {
    private struct Entry {
        /// The event that was refused.
        var event: Int64
        var attempts: Int
        /// Until when nothing of the topic is published; nil while it is tried again.
        var until: NIODeadline?
    }

    private static let firstWait = TimeAmount.seconds(1)
    private static let longestWait = TimeAmount.seconds(32)

    private var entries: [String: Entry] = [:]

    /// Whether nothing of the topic may be published now.
    func isHeld(_ topic: String) -> Bool {
        !self.entries.isEmpty && self.entries[topic]?.until != nil
    }

    /// Those of which nothing may be published now.
    var topics: [String] {
        self.entries.isEmpty ? [] : self.entries.filter { $0.value.until != nil }.map(\.key)
    }

    /// When the first of them is to be tried again; nil if none waits.
    var nextRetry: NIODeadline? {
        self.entries.values.compactMap(\.until).min()
    }

    /// An event was refused. Returns how often it has been by now, and how long its topic waits.
    mutating func refused(_ event: Int64, topic: String, at now: NIODeadline) -> (attempts: Int, wait: TimeAmount) {
        var entry = self.entries[topic] ?? Entry(event: event, attempts: 0)
        if entry.until != nil, entry.event < event {
            // Published behind the one that was refused first.
            return (0, entry.until.map { $0 - now } ?? .zero)
        }
        if entry.event != event { entry = Entry(event: event, attempts: 0) }
        entry.attempts += 1
        let factor = Int64(1) << Int64(min(entry.attempts - 1, 10))
        let wait = min(TimeAmount.nanoseconds(Self.firstWait.nanoseconds * factor), Self.longestWait)
        entry.until = now + wait
        self.entries[topic] = entry
        return (entry.attempts, wait)
    }

    /// An event of the topic has been taken, or given up for good.
    mutating func settled(_ event: Int64, topic: String) {
        guard !self.entries.isEmpty, self.entries[topic]?.event == event else { return }
        self.entries[topic] = nil
    }

    /// Lets go of the topics whose time has come. Returns whether there were any.
    mutating func release(at now: NIODeadline) -> Bool {
        var isAny = false
        for (topic, entry) in self.entries {
            guard let until = entry.until, until <= now else { continue }
            self.entries[topic]?.until = nil
            isAny = true
        }
        return isAny
    }

    /// Forgets all.
    mutating func removeAll() {
        self.entries.removeAll()
    }
}

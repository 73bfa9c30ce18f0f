import NIOCore

/// Procedures and channels of which something was under way when a session with the router ended: it may be what ended it.
///
/// Routers say nothing about a result that they have taken, nor which one they could not read. So what comes from where something was under way
/// when a session ended is sent one at a time for a while, each known to be taken before the next one; and if a session ends again while only
/// one such origin has something under way, nothing is sent for it for a while: without that each of its calls could end the session of all. A
/// router that is away after a session's end has ended it for a reason of its own, which does not count.
struct SuspectOrigins {
    private struct Entry {
        /// How many sessions ended while something of its was under way.
        var losses = 0
        var refusals = 0
        /// Nothing is sent for it before that.
        var refusedUntil: NIODeadline = .distantPast
        /// It is forgotten then.
        var expires: NIODeadline
    }

    /// An origin that nothing is sent for, for a while.
    struct Refused: Equatable {
        let origin: Origin.Name
        /// How many sessions ended while something of its was under way.
        let sessions: Int
        let time: TimeAmount
    }

    /// What was sent so long before a session's end had no part in it.
    static let window = TimeAmount.seconds(2)
    /// How long an origin is under suspicion after a session's end.
    static let memory = TimeAmount.minutes(5)
    /// How long nothing is sent for an origin, for the first time and at most.
    static let leastRefusal = TimeAmount.minutes(1)
    static let greatestRefusal = TimeAmount.hours(1)
    /// More are not remembered.
    private static let most = 10_000

    private var entries: [Origin.Name: Entry] = [:]
    /// What was under way when the last session ended; whether that counts is known when the router is there again.
    private var loss: (underWay: [Origin.Name], isOther: Bool)?
    private var isBusy = false

    /// Whether nothing is under suspicion, as nearly always.
    var isEmpty: Bool { self.entries.isEmpty }

    /// Whether what comes from there is to be sent one at a time.
    func isSuspect(_ origin: Origin.Name, at now: NIODeadline) -> Bool {
        self.entries[origin].map { now < $0.expires } ?? false
    }

    /// For how long nothing is to be sent for it; nil if something may be.
    func refusal(of origin: Origin.Name, at now: NIODeadline) -> TimeAmount? {
        guard let entry = self.entries[origin], now < entry.refusedUntil else { return nil }
        return entry.refusedUntil - now
    }

    // MARK: - One at a time

    /// Something of a suspect's is to be sent. Whether it may be now; if not, after ``taken()``.
    mutating func begin() -> Bool {
        guard !self.isBusy else { return false }
        self.isBusy = true
        return true
    }

    /// The router has read what was sent.
    mutating func taken() {
        self.isBusy = false
    }

    // MARK: - Sessions

    /// A session ended, and not as its two ends had agreed.
    ///
    /// - Parameters:
    ///   - underWay: where it came from what was under way.
    ///   - isOther: something else was under way that has been when a session ended before.
    mutating func sessionEnded(underWay: [Origin.Name], besidesSuspects isOther: Bool) {
        self.isBusy = false
        self.loss = underWay.isEmpty ? nil : (underWay, isOther)
    }

    /// The router could not be reached after the session's end: nothing that was sent ended it.
    mutating func routerWasAway() {
        self.loss = nil
    }

    /// There is a session again. Returns the origin that nothing is sent for from here on, if there is one.
    mutating func joined(at now: NIODeadline) -> Refused? {
        guard let (underWay, isOther) = self.loss else { return nil }
        self.loss = nil
        self.entries = self.entries.filter { now < $0.value.expires }
        let suspects = underWay.filter { self.entries[$0] != nil }
        for origin in underWay {
            var entry = self.entries[origin] ?? Entry(expires: now)
            guard entry.losses > 0 || self.entries.count < Self.most else { continue }
            entry.losses += 1
            entry.expires = max(entry.expires, now + Self.memory)
            self.entries[origin] = entry
        }
        guard !isOther, suspects.count == 1, let origin = suspects.first, var entry = self.entries[origin] else {
            return nil
        }
        let doublings = min(entry.refusals, 6)
        let time = min(.nanoseconds(Self.leastRefusal.nanoseconds << Int64(doublings)), Self.greatestRefusal)
        entry.refusals += 1
        entry.refusedUntil = now + time
        entry.expires = entry.refusedUntil + Self.memory
        self.entries[origin] = entry
        return Refused(origin: origin, sessions: entry.losses, time: time)
    }
}

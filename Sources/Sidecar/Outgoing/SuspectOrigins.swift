import NIOCore

/// Procedures and channels with a message under way when a session with the router ended: the message may be the cause.
///
/// Routers neither acknowledge a result nor name the one that they could not read. So the messages of an origin that
/// had something under way when a session ended go one at a time for a while, each only after the one before has
/// certainly been read. If a session ends again while only one such origin has something under way, nothing is sent for
/// it for a while: otherwise each of its calls could end the session that all share. A router that is unreachable after
/// a session's end has ended it for its own reasons, which does not count.
struct SuspectOrigins {
    private struct Entry {
        /// How many sessions ended while a message of it was under way.
        var losses = 0
        var refusals = 0
        /// Nothing is sent for it before that time.
        var refusedUntil: NIODeadline = .distantPast
        /// It is forgotten at that time.
        var expires: NIODeadline
    }

    /// An origin for which nothing is sent for a while.
    struct Refused: Equatable {
        let origin: Origin.Name
        /// How many sessions ended while a message of it was under way.
        let sessions: Int
        let time: TimeAmount
    }

    /// A message sent so long before a session's end had no part in it.
    static let window = TimeAmount.seconds(2)
    /// How long an origin is under suspicion after a session's end.
    static let memory = TimeAmount.minutes(5)
    /// How long nothing is sent for an origin, the first time and at most.
    static let leastRefusal = TimeAmount.minutes(1)
    static let greatestRefusal = TimeAmount.hours(1)
    /// No more are remembered.
    private static let most = 10_000

    private var entries: [Origin.Name: Entry] = [:]
    /// The origins under way when the last session ended; whether that counts is known when the router is back.
    private var loss: (underWay: [Origin.Name], isOther: Bool)?
    private var isBusy = false

    /// Whether no origin is under suspicion, which is usual.
    var isEmpty: Bool { self.entries.isEmpty }

    /// Whether messages of this origin go one at a time.
    func isSuspect(_ origin: Origin.Name, at now: NIODeadline) -> Bool {
        self.entries[origin].map { now < $0.expires } ?? false
    }

    /// For how long nothing may be sent for it; nil if messages may be sent.
    func refusal(of origin: Origin.Name, at now: NIODeadline) -> TimeAmount? {
        guard let entry = self.entries[origin], now < entry.refusedUntil else { return nil }
        return entry.refusedUntil - now
    }

    // MARK: - One at a time

    /// A message of a suspect is to be sent. Returns whether it may be now; if not, after ``taken()``.
    mutating func begin() -> Bool {
        guard !self.isBusy else { return false }
        self.isBusy = true
        return true
    }

    /// The router has read the last message.
    mutating func taken() {
        self.isBusy = false
    }

    // MARK: - Sessions

    /// A session ended, and not by agreement of its two ends.
    ///
    /// - Parameters:
    ///   - underWay: the origins of the messages under way.
    ///   - isOther: a message of another kind was under way that was under way when an earlier session ended.
    mutating func sessionEnded(underWay: [Origin.Name], besidesSuspects isOther: Bool) {
        self.isBusy = false
        self.loss = underWay.isEmpty ? nil : (underWay, isOther)
    }

    /// The router could not be reached after the session's end: no message ended it.
    mutating func routerWasAway() {
        self.loss = nil
    }

    /// There is a session again. Returns the origin for which nothing is sent from now on, if there is one.
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

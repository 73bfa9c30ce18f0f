import NIOCore
import Names
import WAMP

/// The topics whose first event the router refuses for the moment: their events wait in the outbox, others continue.
///
/// When a topic's time has come, only its first event is tried (a *probe*). When that is accepted or given up, separate
/// scans read the events that the ordinary scans have left out meanwhile (the *backlog*). When none is left, the topic
/// is an ordinary one again. Many topics that are refused for one reason are a *group*: one of them is tried for all.
struct HeldTopics {
    /// The next read, beside the ordinary scans.
    enum Reading: Equatable {
        /// The rows with these ids.
        case probes([Int64])
        /// The rows after this id, of ``backlogTopics`` only; nil: from the first on.
        case backlog(behind: Int64?)
    }

    /// The effect of an event's refusal.
    enum Verdict: Equatable {
        /// It waits, and its topic.
        case waits(for: TimeAmount)
        /// It waits with so many topics, which are refused for the same reason. Reported once for a group.
        case waitsAsGroup(Int)
        /// It was published after the one for which its topic waits, or waits with a group that has been reported.
        case follows
        /// It has been refused often enough and for long enough: so many times.
        case isGivenUp(attempts: Int)
    }

    private enum Phase: Equatable {
        /// Waits alone.
        case waiting(until: NIODeadline)
        /// Waits for its group.
        case grouped
        /// Its time has come; it is in `due`.
        case due
        /// Its first event is being tried.
        case probing
        /// Its first event is settled; it is in `settledTopics`.
        case settled
        /// Its backlog is being read.
        case draining
    }

    private struct Entry {
        /// The event that was refused.
        var event: Int64
        /// No remaining event of the topic in the outbox has an id up to it.
        var behind: Int64?
        var attempts: Int
        var since: NIODeadline
        var reason: ExactText
        var phase: Phase
    }

    private struct Group {
        var attempts = 1
        var until: NIODeadline
        /// The topic that is tried for all.
        var probe: ExactText?
    }

    private static let firstWait = TimeAmount.seconds(1)
    private static let longestWait = TimeAmount.seconds(16)
    /// The shortest time, by the number of attempts, for which an event is refused before it is given up: a part of the
    /// router that starts late must not cost events.
    private static let patience: [TimeAmount] = [.zero, .seconds(1), .seconds(10), .minutes(1), .minutes(5)]
    /// More topics than these that wait for one reason are a group.
    static let mostAlone = 16
    /// More reasons than these count as one.
    private static let mostReasons = 16
    /// So many are tried at once.
    static let mostProbes = 100
    /// So many are drained at once.
    private static let mostDraining = 1000
    /// While the names of held topics are longer than this, in octets, the whole relay waits: each scan gets all of
    /// them.
    static let mostOctets = 4 << 20

    private let attempts: Int
    private let patience: TimeAmount
    private var entries: [ExactText: Entry] = [:]
    private var octets = 0
    private var alone: [ExactText: Set<ExactText>] = [:]
    private var groups: [ExactText: Group] = [:]
    private var due: [ExactText] = []
    private var settledTopics: [ExactText] = []
    private var draining: Set<ExactText> = []
    private var drainedBehind: Int64?

    /// Grows with each change of the names.
    private(set) var generation = 0

    /// - Parameter attempts: the least number of attempts for an event.
    init(attempts: Int) {
        self.attempts = max(attempts, 1)
        self.patience = Self.patience[min(self.attempts, Self.patience.count) - 1]
    }

    /// Whether there are none.
    var isEmpty: Bool { self.entries.isEmpty }
    /// The number of held topics.
    var count: Int { self.entries.count }
    /// Whether there are so many that the ordinary scans wait too.
    var isFull: Bool { self.octets > Self.mostOctets }
    /// All of them: the ordinary scans leave them out.
    var names: [String] { self.entries.keys.map(\.text) }
    /// Those whose backlog is being read.
    var backlogTopics: [String] { self.draining.map(\.text) }

    /// Whether an ordinary scan must leave out the topic.
    func isHeld(_ topic: String) -> Bool {
        !self.entries.isEmpty && self.entries[ExactText(topic)] != nil
    }

    /// Whether a probe or the backlog may publish an event of the topic.
    func isFree(_ topic: String) -> Bool {
        switch self.entries[ExactText(topic)]?.phase {
        case .probing, .draining: true
        case .waiting, .grouped, .due, .settled, nil: false
        }
    }

    /// When there is something to read; nil if nothing waits.
    var next: NIODeadline? {
        guard !self.entries.isEmpty else { return nil }
        if !self.due.isEmpty || !self.settledTopics.isEmpty || !self.draining.isEmpty { return .distantPast }
        var next: NIODeadline?
        for topic in self.alone.values.joined() {
            guard case .waiting(let until)? = self.entries[topic]?.phase else { continue }
            next = min(next ?? until, until)
        }
        for group in self.groups.values where group.probe == nil { next = min(next ?? group.until, group.until) }
        return next
    }

    // MARK: - Events

    /// An event was refused.
    ///
    /// - Parameters:
    ///   - reason: the error's URI.
    ///   - settled: the id up to which the outbox has been read completely: every event of the topic that was left out
    ///     has a higher id.
    mutating func refused(
        _ event: Int64, topic name: String, reason: String, settled: Int64?, at now: NIODeadline
    ) -> Verdict {
        let topic = ExactText(name)
        let reason = self.known(ExactText(reason))
        // So the event itself is read again.
        let behind = settled.map { min($0, event == .min ? .min : event - 1) }
        var entry: Entry
        if let known = self.entries[topic] {
            entry = known
            entry.behind = entry.behind.flatMap { known in behind.map { min(known, $0) } }
            switch known.phase {
            case .waiting, .grouped, .due, .settled:
                if event > known.event {
                    self.entries[topic] = entry
                    return .follows
                }
            case .probing, .draining:
                break
            }
            if event != known.event {
                entry.attempts = 0
                entry.since = now
            }
            self.leave(topic, known)
        } else {
            entry = Entry(event: event, behind: behind, attempts: 0, since: now, reason: reason, phase: .due)
            self.octets += name.utf8.count + 8
            self.generation += 1
        }
        entry.event = event
        entry.attempts += 1
        entry.reason = reason
        self.probeEnded(topic, reason: reason, at: now)
        if entry.attempts >= self.attempts, now - entry.since >= self.patience {
            entry.phase = .settled
            self.entries[topic] = entry
            self.settledTopics.append(topic)
            return .isGivenUp(attempts: entry.attempts)
        }
        return self.hold(topic, entry, at: now)
    }

    /// An event of the topic has been accepted, or given up for good. Returns how many other topics that waited for the
    /// same reason need not wait any longer.
    mutating func settled(_ event: Int64, topic name: String) -> Int {
        guard !self.entries.isEmpty else { return 0 }
        let topic = ExactText(name)
        guard let entry = self.entries[topic], entry.event == event, entry.phase == .probing else { return 0 }
        return self.settle(topic, entry)
    }

    /// The first events that were tried have all been read; the ids show which of them existed.
    mutating func probesRead(_ ids: Set<Int64>) {
        for (topic, entry) in self.entries where entry.phase == .probing && !ids.contains(entry.event) {
            // Somebody has deleted it.
            _ = self.settle(topic, entry)
        }
    }

    /// A scan of the backlog has ended.
    ///
    /// - Parameter last: the id of its last row; nil: there was none, and its topics are not held any more.
    mutating func backlogRead(last: Int64?) {
        if let last {
            self.drainedBehind = last
            return
        }
        for topic in self.draining { self.remove(topic) }
        self.draining.removeAll()
    }

    /// The sequence was set back: ids no longer show what has been read.
    mutating func void() {
        for topic in self.entries.keys { self.entries[topic]?.behind = nil }
        self.drainedBehind = nil
    }

    /// Forgets all.
    mutating func removeAll() {
        let generation = self.generation
        self = HeldTopics(attempts: self.attempts)
        self.generation = generation + 1
    }

    // MARK: - Next steps

    /// The next read, if any.
    ///
    /// - Parameter most: the most events to try at once.
    mutating func reading(at now: NIODeadline, most: Int = Self.mostProbes) -> Reading? {
        guard !self.entries.isEmpty else { return nil }
        if !self.draining.isEmpty { return .backlog(behind: self.drainedBehind) }
        if !self.settledTopics.isEmpty {
            self.beginDraining()
            return .backlog(behind: self.drainedBehind)
        }
        self.release(at: now)
        guard !self.due.isEmpty else { return nil }
        var events: [Int64] = []
        for topic in self.due.prefix(most) {
            guard self.entries[topic]?.phase == .due, let event = self.entries[topic]?.event else { continue }
            self.entries[topic]?.phase = .probing
            events.append(event)
        }
        self.due.removeFirst(min(self.due.count, most))
        return events.isEmpty ? nil : .probes(events.sorted())
    }

    /// Events that were read but could not be published are read again.
    mutating func probesFailed() {
        for (topic, entry) in self.entries where entry.phase == .probing {
            self.entries[topic]?.phase = .due
            self.due.append(topic)
        }
    }

    // MARK: - Phases

    private func known(_ reason: ExactText) -> ExactText {
        let isKnown = self.alone[reason] != nil || self.groups[reason] != nil
        return isKnown || self.alone.count + self.groups.count < Self.mostReasons ? reason : ExactText("")
    }

    private static func wait(after attempts: Int) -> TimeAmount {
        let factor = Int64(1) << Int64(min(attempts - 1, 10))
        return min(TimeAmount.nanoseconds(Self.firstWait.nanoseconds * factor), Self.longestWait)
    }

    private mutating func hold(_ topic: ExactText, _ given: Entry, at now: NIODeadline) -> Verdict {
        var entry = given
        if self.groups[entry.reason] != nil {
            entry.phase = .grouped
            self.entries[topic] = entry
            return .follows
        }
        self.alone[entry.reason, default: []].insert(topic)
        let wait = Self.wait(after: entry.attempts)
        entry.phase = .waiting(until: now + wait)
        self.entries[topic] = entry
        guard let waiting = self.alone[entry.reason], waiting.count > Self.mostAlone else { return .waits(for: wait) }
        for topic in waiting { self.entries[topic]?.phase = .grouped }
        self.alone[entry.reason] = nil
        self.groups[entry.reason] = Group(until: now + wait)
        return .waitsAsGroup(waiting.count)
    }

    /// If the topic was tried for a group, the group waits again.
    private mutating func probeEnded(_ topic: ExactText, reason: ExactText, at now: NIODeadline) {
        guard let (known, group) = self.groups.first(where: { $0.value.probe == topic }) else { return }
        self.groups[known]?.probe = nil
        guard known == reason else {
            // The other topics may have other reasons.
            self.groups[known]?.until = now
            return
        }
        let attempts = group.attempts + 1
        self.groups[known]?.attempts = attempts
        self.groups[known]?.until = now + Self.wait(after: attempts)
        self.releaseOldest(of: known, attempts: attempts, at: now)
    }

    /// Topics that have waited long enough for their group are tried one by one: this may be their last attempt.
    private mutating func releaseOldest(of reason: ExactText, attempts: Int, at now: NIODeadline) {
        guard attempts >= self.attempts else { return }
        for (topic, entry) in self.entries
        where entry.phase == .grouped && entry.reason == reason && now - entry.since >= self.patience {
            self.entries[topic]?.attempts = max(entry.attempts, attempts)
            self.entries[topic]?.phase = .due
            self.due.append(topic)
        }
    }

    /// Removes the topic from the list that it waits in.
    private mutating func leave(_ topic: ExactText, _ entry: Entry) {
        switch entry.phase {
        case .waiting: self.unwait(topic, entry.reason)
        case .draining: self.draining.remove(topic)
        case .due: self.due.removeAll { $0 == topic }
        case .settled: self.settledTopics.removeAll { $0 == topic }
        case .grouped, .probing: break
        }
    }

    private mutating func unwait(_ topic: ExactText, _ reason: ExactText) {
        self.alone[reason]?.remove(topic)
        if self.alone[reason]?.isEmpty == true { self.alone[reason] = nil }
    }

    private mutating func settle(_ topic: ExactText, _ entry: Entry) -> Int {
        self.entries[topic]?.phase = .settled
        self.settledTopics.append(topic)
        guard self.groups[entry.reason]?.probe == topic else { return 0 }
        self.groups[entry.reason] = nil
        var count = 0
        for (other, waiting) in self.entries where waiting.phase == .grouped && waiting.reason == entry.reason {
            self.entries[other]?.phase = .due
            self.due.append(other)
            count += 1
        }
        return count
    }

    private mutating func release(at now: NIODeadline) {
        for (reason, topics) in self.alone {
            for topic in topics {
                guard case .waiting(let until)? = self.entries[topic]?.phase, until <= now else { continue }
                self.unwait(topic, reason)
                self.entries[topic]?.phase = .due
                self.due.append(topic)
            }
        }
        for (reason, group) in self.groups where group.probe == nil && group.until <= now {
            let first = self.entries.filter { $0.value.phase == .grouped && $0.value.reason == reason }
                .min { $0.value.event < $1.value.event }
            guard let first else {
                self.groups[reason] = nil
                continue
            }
            self.groups[reason]?.probe = first.key
            self.entries[first.key]?.phase = .due
            // Ahead of those that are tried one by one.
            self.due.insert(first.key, at: 0)
        }
    }

    private mutating func beginDraining() {
        let topics = self.settledTopics.prefix(Self.mostDraining)
        self.settledTopics.removeFirst(topics.count)
        var behind: Int64? = .max
        for topic in topics {
            guard let entry = self.entries[topic] else { continue }
            self.entries[topic]?.phase = .draining
            self.draining.insert(topic)
            behind = behind.flatMap { lowest in entry.behind.map { min(lowest, $0) } }
        }
        self.drainedBehind = behind
    }

    private mutating func remove(_ topic: ExactText) {
        self.entries[topic] = nil
        self.octets -= topic.text.utf8.count + 8
        self.generation += 1
    }
}

import DequeModule
import NIOCore
import WAMP

/// Decides which requests to send again, because their answers were lost on the way.
///
/// An answer may be late, or lost. It is lost if answers to later requests have come: then all requests are sent again
/// that have waited for their patience. If no answers come at all, only the oldest request is sent again, so that a
/// router that stood still for a while does not get everything twice. Whichever of the copies is answered first, that
/// is the answer.
///
/// A value without I/O; its owner is the connection.
struct Repetitions {
    /// The most times that one request is sent.
    static let most = 3

    /// A request to send again.
    struct Due: Equatable {
        /// The first copy.
        let original: RequestID
        /// Whether its answer is lost, as far as anybody can tell; else it may be late.
        let isLost: Bool
    }

    private struct Entry {
        let id: RequestID
        var order: Int
        var sentAt: NIODeadline
        let patience: TimeAmount
        var times = 1
        /// The ids of the repetitions.
        var ids: [RequestID] = []
        /// Nothing waits for it any longer; it is removed with those before it.
        var isOver = false
    }

    /// In the order of their ids: that in which they were first sent, and mostly answered as well.
    private var entries: Deque<Entry> = []
    /// How many of them are not over.
    private var waiting = 0
    private var originals: [RequestID: RequestID] = [:]
    private var lastOrder = 0
    /// The latest of all requests that have been answered.
    private var answeredOrder = 0
    /// The request that was sent again while nothing came: no other is sent again until something comes.
    private var probe: RequestID?

    /// When ``due(at:)`` should be called; nil while nothing waits.
    private(set) var nextCheck: NIODeadline?

    /// A request was sent for the first time.
    mutating func sent(_ id: RequestID, patience: TimeAmount, at now: NIODeadline) {
        self.lastOrder += 1
        self.entries.append(Entry(id: id, order: self.lastOrder, sentAt: now, patience: patience))
        self.waiting += 1
        let check = now + patience
        if check < self.nextCheck ?? .distantFuture { self.nextCheck = check }
    }

    /// A request was sent again.
    mutating func repeated(_ original: RequestID, as id: RequestID, at now: NIODeadline) {
        guard let index = self.index(of: original) else { return }
        self.lastOrder += 1
        self.entries[index].order = self.lastOrder
        self.entries[index].sentAt = now
        self.entries[index].times += 1
        self.entries[index].ids.append(id)
        self.originals[id] = original
        let check = now + self.entries[index].patience
        if check < self.nextCheck ?? .distantFuture { self.nextCheck = check }
    }

    /// The first copy of a request, of which this may be a later one.
    func original(of id: RequestID) -> RequestID {
        self.originals.isEmpty ? id : self.originals[id] ?? id
    }

    /// An answer has come, or nothing waits for it any longer.
    ///
    /// - Parameters:
    ///   - original: the first copy.
    ///   - isAnswered: whether there is an answer.
    /// - Returns: the later copies, whose answers nothing waits for now.
    mutating func ended(_ original: RequestID, isAnswered: Bool) -> [RequestID] {
        guard let entry = self.remove(original) else { return [] }
        for id in entry.ids { self.originals[id] = nil }
        if isAnswered {
            self.answeredOrder = max(self.answeredOrder, entry.order)
            self.probe = nil
            // The requests before it have lost their answers as well.
            if entry.times > 1, self.waiting > 0 { self.nextCheck = .uptimeNanoseconds(0) }
        }
        return entry.ids
    }

    /// The requests to send again now: ``repeated(_:as:at:)`` follows for each.
    mutating func due(at now: NIODeadline) -> [Due] {
        guard let check = self.nextCheck, check <= now else { return [] }
        var due: [(order: Int, id: RequestID)] = []
        var oldest: (order: Int, id: RequestID)?
        var next: NIODeadline?
        for entry in self.entries where !entry.isOver && entry.times < Self.most {
            guard entry.sentAt + entry.patience <= now else {
                next = min(next ?? .distantFuture, entry.sentAt + entry.patience)
                continue
            }
            if entry.order < self.answeredOrder {
                due.append((entry.order, entry.id))
            } else {
                if entry.order < oldest?.order ?? .max { oldest = (entry.order, entry.id) }
                next = min(next ?? .distantFuture, now + entry.patience)
            }
        }
        self.nextCheck = next
        if due.isEmpty, let oldest {
            let index = self.probe.flatMap(self.index) ?? self.index(of: oldest.id)
            guard let entry = index.map({ self.entries[$0] }) else { return [] }
            self.probe = entry.id
            guard entry.times < Self.most, entry.sentAt + entry.patience <= now else { return [] }
            return [Due(original: entry.id, isLost: false)]
        }
        // In the order in which they were first sent.
        return due.sorted { $0.order < $1.order }.map { Due(original: $0.id, isLost: true) }
    }

    /// Where the request is, unless it is over.
    private func index(of id: RequestID) -> Int? {
        guard let first = self.entries.first else { return nil }
        var low = 0
        if first.id != id {
            var high = self.entries.count
            while low < high {
                let middle = (low + high) / 2
                if self.entries[middle].id.rawValue < id.rawValue { low = middle + 1 } else { high = middle }
            }
        }
        guard low < self.entries.count, self.entries[low].id == id, !self.entries[low].isOver else { return nil }
        return low
    }

    private mutating func remove(_ id: RequestID) -> Entry? {
        guard let index = self.index(of: id) else { return nil }
        let entry = self.entries[index]
        self.waiting -= 1
        self.entries[index].isOver = true
        self.entries[index].ids = []
        while self.entries.first?.isOver == true { self.entries.removeFirst() }
        // Removes those that stand behind one with a long wait.
        if self.entries.count > self.waiting * 2 + Self.mostOver { self.entries.removeAll(where: \.isOver) }
        return entry
    }

    private static let mostOver = 1024
}

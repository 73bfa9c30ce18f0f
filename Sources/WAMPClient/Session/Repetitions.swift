import NIOCore
import WAMP

/// Which requests are to be asked again, because their answers were lost on the way.
///
/// An answer may be late, or lost. It is lost if others, to what was asked later, have come: then all that are as old as their
/// patience says are asked again. As long as nothing comes at all only the oldest is, so that a router that stood still for a while
/// does not get everything twice. Whichever of the requests is answered first, that is the answer.
///
/// A value without I/O; its owner is the connection.
struct Repetitions {
    /// How often one thing is asked at most.
    static let most = 3

    /// What is to be asked again.
    struct Due: Equatable {
        /// What was asked first.
        let original: RequestID
        /// Whether its answer is lost, as far as can be told; else it may be late.
        let isLost: Bool
    }

    private struct Entry {
        var order: Int
        var sentAt: NIODeadline
        let patience: TimeAmount
        var times = 1
        /// The ids of the repetitions.
        var ids: [RequestID] = []
    }

    private var entries: [RequestID: Entry] = [:]
    private var originals: [RequestID: RequestID] = [:]
    private var lastOrder = 0
    /// What was asked latest of all that has been answered.
    private var answeredOrder = 0
    /// What was asked again while nothing came: nothing else is until something comes.
    private var probe: RequestID?

    /// When ``due(at:)`` is to be asked; nil while nothing waits.
    private(set) var nextCheck: NIODeadline?

    /// Something was asked for the first time.
    mutating func sent(_ id: RequestID, patience: TimeAmount, at now: NIODeadline) {
        self.lastOrder += 1
        self.entries[id] = Entry(order: self.lastOrder, sentAt: now, patience: patience)
        let check = now + patience
        if check < self.nextCheck ?? .distantFuture { self.nextCheck = check }
    }

    /// It was asked again.
    mutating func repeated(_ original: RequestID, as id: RequestID, at now: NIODeadline) {
        guard var entry = self.entries[original] else { return }
        self.lastOrder += 1
        entry.order = self.lastOrder
        entry.sentAt = now
        entry.times += 1
        entry.ids.append(id)
        self.originals[id] = original
        self.entries[original] = entry
        let check = now + entry.patience
        if check < self.nextCheck ?? .distantFuture { self.nextCheck = check }
    }

    /// What was asked first, of which this may be a repetition.
    func original(of id: RequestID) -> RequestID {
        self.originals.isEmpty ? id : self.originals[id] ?? id
    }

    /// An answer to it has come, or none is waited for any longer.
    ///
    /// - Parameters:
    ///   - original: what was asked first.
    ///   - isAnswered: whether there is an answer.
    /// - Returns: the repetitions, of which nobody waits for an answer now.
    mutating func ended(_ original: RequestID, isAnswered: Bool) -> [RequestID] {
        guard let entry = self.entries.removeValue(forKey: original) else { return [] }
        for id in entry.ids { self.originals[id] = nil }
        if isAnswered {
            self.answeredOrder = max(self.answeredOrder, entry.order)
            self.probe = nil
            // What was asked before it has lost its answer as well.
            if entry.times > 1, !self.entries.isEmpty { self.nextCheck = .uptimeNanoseconds(0) }
        }
        return entry.ids
    }

    /// What is to be asked again now: ``repeated(_:as:at:)`` follows for each.
    mutating func due(at now: NIODeadline) -> [Due] {
        guard let check = self.nextCheck, check <= now else { return [] }
        var due: [(order: Int, id: RequestID)] = []
        var oldest: (order: Int, id: RequestID)?
        var next: NIODeadline?
        for (id, entry) in self.entries where entry.times < Self.most {
            guard entry.sentAt + entry.patience <= now else {
                next = min(next ?? .distantFuture, entry.sentAt + entry.patience)
                continue
            }
            if entry.order < self.answeredOrder {
                due.append((entry.order, id))
            } else {
                if entry.order < oldest?.order ?? .max { oldest = (entry.order, id) }
                next = min(next ?? .distantFuture, now + entry.patience)
            }
        }
        self.nextCheck = next
        if due.isEmpty, let oldest {
            if self.probe.map({ self.entries[$0] == nil }) ?? true { self.probe = oldest.id }
            guard let probe = self.probe, let entry = self.entries[probe], entry.times < Self.most,
                entry.sentAt + entry.patience <= now
            else { return [] }
            return [Due(original: probe, isLost: false)]
        }
        // In the order in which they were asked.
        return due.sorted { $0.order < $1.order }.map { Due(original: $0.id, isLost: true) }
    }
}

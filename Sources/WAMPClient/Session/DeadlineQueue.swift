import NIOCore

/// The deadlines of many requests behind one timer: a binary heap, earliest first.
///
/// The entry of an answered request stays (most are answered long before their deadline) and is skipped when its time
/// comes. When such entries are the majority, all of them are removed.
struct DeadlineQueue<ID: Hashable & Sendable> {
    private var heap: [(deadline: NIODeadline, id: ID)] = []

    /// The earliest deadline, if there is one; it may belong to an answered request.
    var earliest: NIODeadline? { self.heap.first?.deadline }

    /// The number of entries, including those of answered requests.
    var count: Int { self.heap.count }

    /// Adds a deadline.
    ///
    /// - Parameters:
    ///   - waiting: how many requests really wait, to decide when to remove the others.
    ///   - isWaiting: whether a given request waits.
    mutating func insert(_ deadline: NIODeadline, _ id: ID, waiting: Int, isWaiting: (ID) -> Bool) {
        if self.heap.count > 64, self.heap.count / 2 > waiting {
            self.heap.removeAll { !isWaiting($0.id) }
            // A sorted array is a heap.
            self.heap.sort { $0.deadline < $1.deadline }
        }
        self.heap.append((deadline, id))
        var child = self.heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard self.heap[child].deadline < self.heap[parent].deadline else { break }
            self.heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Removes and returns the earliest entry if it is due.
    mutating func popDue(at now: NIODeadline) -> ID? {
        guard let first = self.heap.first, first.deadline <= now else { return nil }
        self.heap.swapAt(0, self.heap.count - 1)
        self.heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < self.heap.count && self.heap[child].deadline < self.heap[least].deadline {
                least = child
            }
            guard least != parent else { break }
            self.heap.swapAt(least, parent)
            parent = least
        }
        return first.id
    }
}

/// Which of the database's backends wait at the port for an answer, by their process ids.
///
/// A backend is there as often as it waits: ids come from the clients, and those of two servers may be the same.
struct WaitingBackends {
    private var counts: [Int32: Int] = [:]

    /// All of them.
    var all: Set<Int32> { Set(self.counts.keys) }

    /// One begins to wait; true if it did not before.
    mutating func insert(_ backend: Int32) -> Bool {
        let count = self.counts[backend] ?? 0
        self.counts[backend] = count + 1
        return count == 0
    }

    /// One waits no more; true if it does not otherwise.
    mutating func remove(_ backend: Int32) -> Bool {
        guard let count = self.counts[backend] else { return false }
        self.counts[backend] = count > 1 ? count - 1 : nil
        return count == 1
    }
}

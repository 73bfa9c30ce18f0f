/// Which spare connections there are: those that replace connections whose work waits for something outside of the
/// database.
///
/// One is opened as soon as work waits so. An idle one that replaces none any more is closed after a while.
struct SpareStateMachine: ~Copyable {
    private enum State {
        case none
        case open(Set<Int>)
        /// The same, and some may be unneeded: that is checked after a while.
        case waiting(Set<Int>)
    }

    private let slots: Range<Int>
    private var state = State.none

    /// - Parameter slots: those of spare connections.
    init(slots: Range<Int>) {
        self.slots = slots
    }

    private var spares: Set<Int> {
        switch self.state {
        case .none: []
        case .open(let spares), .waiting(let spares): spares
        }
    }

    /// Some work has begun to wait.
    ///
    /// - Parameter wanted: how many spare connections there should be.
    /// - Returns: the slots to open.
    mutating func suspended(wanted: Int) -> [Int] {
        let opened = Array(self.slots.filter { !self.spares.contains($0) }.prefix(max(wanted - self.spares.count, 0)))
        guard !opened.isEmpty else { return [] }
        switch self.state {
        case .none: self.state = .open(Set(opened))
        case .open(let spares): self.state = .open(spares.union(opened))
        case .waiting(let spares): self.state = .waiting(spares.union(opened))
        }
        return opened
    }

    /// Some work waits no more.
    ///
    /// - Returns: whether ``looked(wanted:idle:)`` is to be called after a while.
    mutating func resumed() -> Bool {
        switch self.state {
        case .open(let spares):
            self.state = .waiting(spares)
            return true
        case .none, .waiting:
            return false
        }
    }

    /// A while has passed.
    ///
    /// - Parameters:
    ///   - wanted: how many spare connections there should be.
    ///   - idle: the slots on which nothing is under way.
    /// - Returns: the slots of those that are to be closed, and whether to look again after a while.
    mutating func looked(wanted: Int, idle: [Int]) -> (closed: [Int], looksAgain: Bool) {
        guard case .waiting(let spares) = self.state else { return ([], false) }
        let candidates = idle.filter { spares.contains($0) }.sorted(by: >)
        let closed = Array(candidates.prefix(max(spares.count - wanted, 0)))
        let left = spares.subtracting(closed)
        self.state = left.isEmpty ? .none : .waiting(left)
        return (closed, !left.isEmpty)
    }
}

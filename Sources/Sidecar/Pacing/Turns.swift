import DequeModule

/// Questions that take turns: only a few are under way at a time, however many there are, so that urgent ones never
/// wait behind all the others.
struct Turns<Item> {
    private let most: Int
    private var urgent = Deque<Item>()
    private var waiting = Deque<Item>()
    private(set) var underWay = 0

    /// - Parameter most: how many may be under way.
    init(most: Int) {
        self.most = most
    }

    /// Whether nothing is under way, and nothing waits.
    var isIdle: Bool { self.underWay == 0 && self.urgent.isEmpty && self.waiting.isEmpty }

    /// Adds a question. An urgent one goes ahead of others.
    mutating func add(_ item: Item, isUrgent: Bool = false) {
        if isUrgent { self.urgent.append(item) } else { self.waiting.append(item) }
    }

    /// The next one; nil if there is none. After each ``answered()`` must follow.
    mutating func next() -> Item? {
        guard self.underWay < self.most, let item = self.urgent.popFirst() ?? self.waiting.popFirst() else {
            return nil
        }
        self.underWay += 1
        return item
    }

    /// One under way has been answered, or is not needed after all.
    mutating func answered() {
        self.underWay -= 1
    }

    /// Forgets the waiting ones.
    mutating func removeAll() {
        self.urgent.removeAll()
        self.waiting.removeAll()
    }
}

import DequeModule

/// Questions that take turns: only so many are asked at a time, however many there are, so that what is urgent never waits behind all the
/// others.
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

    /// Another question. What is urgent goes ahead of what is not.
    mutating func add(_ item: Item, isUrgent: Bool = false) {
        if isUrgent { self.urgent.append(item) } else { self.waiting.append(item) }
    }

    /// The next one whose turn it is; nil if it is nobody's. Each that is returned has to be followed by ``answered()``.
    mutating func next() -> Item? {
        guard self.underWay < self.most, let item = self.urgent.popFirst() ?? self.waiting.popFirst() else {
            return nil
        }
        self.underWay += 1
        return item
    }

    /// One that was under way has been answered, or is not to be asked after all.
    mutating func answered() {
        self.underWay -= 1
    }

    /// Forgets what waits.
    mutating func removeAll() {
        self.urgent.removeAll()
        self.waiting.removeAll()
    }
}

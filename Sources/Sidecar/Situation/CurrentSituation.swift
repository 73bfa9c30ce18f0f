import DequeModule

/// Holds the situation, and passes each change of it to the parts, in order. On the event loop.
final class CurrentSituation {
    private(set) var now = Situation()
    /// In the order of their dependence.
    private var parts: [any Part] = []
    private var pending = Deque<(inout Situation) -> Void>()
    private var isChanging = false

    /// From now on these parts follow the situation.
    func follow(_ parts: [any Part]) {
        self.parts = parts
    }

    /// Changes the situation. If a part changes it while it follows another change, the new change follows when all
    /// parts have followed that one.
    func change(_ change: @escaping (inout Situation) -> Void) {
        self.pending.append(change)
        guard !self.isChanging else { return }
        self.isChanging = true
        while let change = self.pending.popFirst() {
            let former = self.now
            change(&self.now)
            let now = self.now
            for part in self.parts { part.follow(now, from: former) }
        }
        self.isChanging = false
    }
}

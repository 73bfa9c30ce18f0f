import Names

/// What is counted for one value of a label: plain integers, which whoever counts holds on to. On the event loop.
protocol MetricSlot: AnyObject {
    init(label: String)

    /// The label's value.
    var label: String { get }

    /// Takes over what another slot has counted.
    func add(_ other: Self)
}

/// The slots of one label. It is asked when something is mapped, and not when it is used. On the event loop.
///
/// Mappings come and go, and SQL makes as many of them as it likes: beyond a number of slots all others share one. A
/// slot that nobody holds any more makes room for another, and the shared one takes over its counts: sums stay.
final class SlotTable<Slot: MetricSlot> {
    /// The value of the label that is shared.
    static var sharedLabel: String { "other" }

    private let most: Int
    private var slots: [Slot] = []
    private var indices: [ExactText: Int] = [:]

    /// - Parameter most: how many values the label has at most, besides the shared one.
    init(most: Int = 1_000) {
        self.most = most
    }

    /// All slots, in the order in which their labels came.
    var all: [Slot] { self.slots }

    /// The slot of a label.
    func slot(_ label: String) -> Slot {
        if let index = self.indices[ExactText(label)] { return self.slots[index] }
        let shared = ExactText(Self.sharedLabel)
        guard self.slots.count >= self.most + (self.indices[shared] == nil ? 0 : 1), label != Self.sharedLabel else {
            return self.add(label)
        }
        let other = self.indices[shared].map { self.slots[$0] } ?? self.add(Self.sharedLabel)
        for index in self.slots.indices where isKnownUniquelyReferenced(&self.slots[index]) {
            let former = self.slots[index]
            other.add(former)
            self.indices[ExactText(former.label)] = nil
            self.indices[ExactText(label)] = index
            let slot = Slot(label: label)
            self.slots[index] = slot
            return slot
        }
        return other
    }

    private func add(_ label: String) -> Slot {
        let slot = Slot(label: label)
        self.indices[ExactText(label)] = self.slots.count
        self.slots.append(slot)
        return slot
    }
}

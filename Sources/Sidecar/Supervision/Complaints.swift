/// What does not work, one sentence for each thing that doesn't: a few are named, the others are counted. Whatever happens to one of them
/// costs the same, however many there are.
struct Complaints<Key: Hashable> {
    /// So many are named.
    static var mostNamed: Int { 20 }

    private var texts: [Key: String] = [:]
    private var namedKeys: [Key] = []

    /// How many there are.
    var count: Int { self.texts.count }

    /// Those that are named, in no order.
    var named: [String] { self.namedKeys.compactMap { self.texts[$0] } }

    /// How many are not.
    var others: Int { self.texts.count - self.namedKeys.count }

    /// What there are complaints about, in no order.
    var keys: some Sequence<Key> { self.texts.keys }

    /// The complaint about a thing; nil if there is none.
    subscript(_ key: Key) -> String? {
        get { self.texts[key] }
        set {
            guard let newValue else { return self.remove(key) }
            guard self.texts.updateValue(newValue, forKey: key) == nil else { return }
            if self.namedKeys.count < Self.mostNamed { self.namedKeys.append(key) }
        }
    }

    private mutating func remove(_ key: Key) {
        guard self.texts.removeValue(forKey: key) != nil,
            let index = self.namedKeys.firstIndex(of: key)
        else { return }
        self.namedKeys.remove(at: index)
        guard self.others > 0, let next = self.texts.keys.first(where: { !self.namedKeys.contains($0) }) else { return }
        self.namedKeys.append(next)
    }
}

/// What does not work in one part of the sidecar, or in all: some of it, and how much else.
struct ComplaintSummary: Equatable {
    var named: [String] = []
    var others = 0

    static func + (left: Self, right: Self) -> Self {
        Self(named: left.named + right.named, others: left.others + right.others)
    }
}

extension ComplaintSummary {
    init<Key>(_ complaints: Complaints<Key>) {
        self.init(named: complaints.named, others: complaints.others)
    }
}

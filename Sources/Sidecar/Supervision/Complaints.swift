/// A thing that does not work, and why.
struct Complaint: Equatable {
    /// Such as `procedure 'com.example.add2'`, or a part of the sidecar.
    let name: String
    let reason: String
}

/// What does not work, a complaint about each thing that doesn't: a few are named, the others are counted. Whatever happens to one of them
/// costs the same, however many there are.
struct Complaints<Key: Hashable> {
    /// So many are named.
    static var mostNamed: Int { 20 }

    private var complaints: [Key: Complaint] = [:]
    private var namedKeys: [Key] = []

    /// How many there are.
    var count: Int { self.complaints.count }

    /// Those that are named, in no order.
    var named: [Complaint] { self.namedKeys.compactMap { self.complaints[$0] } }

    /// How many are not.
    var others: Int { self.complaints.count - self.namedKeys.count }

    /// What there are complaints about, in no order.
    var keys: some Sequence<Key> { self.complaints.keys }

    /// The complaint about a thing; nil if there is none.
    subscript(_ key: Key) -> Complaint? {
        get { self.complaints[key] }
        set {
            guard let newValue else { return self.remove(key) }
            guard self.complaints.updateValue(newValue, forKey: key) == nil else { return }
            if self.namedKeys.count < Self.mostNamed { self.namedKeys.append(key) }
        }
    }

    private mutating func remove(_ key: Key) {
        guard self.complaints.removeValue(forKey: key) != nil,
            let index = self.namedKeys.firstIndex(of: key)
        else { return }
        self.namedKeys.remove(at: index)
        guard self.others > 0, let next = self.complaints.keys.first(where: { !self.namedKeys.contains($0) }) else {
            return
        }
        self.namedKeys.append(next)
    }
}

/// What does not work in one part of the sidecar, or in all: some of it, and how much else.
struct ComplaintSummary: Equatable {
    var named: [Complaint] = []
    var others = 0

    /// How many there are.
    var count: Int { self.named.count + self.others }

    /// The same with at most so many named, those that come first by their names.
    func naming(atMost most: Int) -> Self {
        let named = self.named.sorted { ($0.name, $0.reason) < ($1.name, $1.reason) }
        return Self(named: Array(named.prefix(most)), others: self.count - min(most, named.count))
    }

    static func + (left: Self, right: Self) -> Self {
        Self(named: left.named + right.named, others: left.others + right.others)
    }
}

extension ComplaintSummary {
    init<Key>(_ complaints: Complaints<Key>) {
        self.init(named: complaints.named, others: complaints.others)
    }
}

/// A thing that does not work, and why.
package struct Complaint: Equatable {
    /// For example `procedure 'com.example.add2'`, or a part of the sidecar.
    package let name: String
    package let reason: String
    /// Numbers that belong to the reason and may go on changing; nil: none.
    private let figures: String?

    package init(name: String, reason: String, figures: String? = nil) {
        self.name = name
        self.reason = reason
        self.figures = figures
    }

    /// The reason, with its figures.
    package var text: String { self.figures.map { "\(self.reason): \($0)" } ?? self.reason }

    /// Other figures are no other complaint: they are no news.
    package static func == (left: Self, right: Self) -> Bool {
        left.name == right.name && left.reason == right.reason
    }
}

/// A complaint about each thing that does not work: a few are named, the others are only counted. A change to one of
/// them costs the same, however many there are.
package struct Complaints<Key: Hashable> {
    /// The most complaints that are named.
    package static var mostNamed: Int { 20 }

    private var complaints: [Key: Complaint] = [:]
    private var namedKeys: [Key] = []

    package init() {}

    /// The number of complaints.
    package var count: Int { self.complaints.count }

    /// The complaints that are named, in no order.
    package var named: [Complaint] { self.namedKeys.compactMap { self.complaints[$0] } }

    /// The number of complaints that are not named.
    package var others: Int { self.complaints.count - self.namedKeys.count }

    /// The things that the complaints are about, in no order.
    package var keys: some Sequence<Key> { self.complaints.keys }

    /// The complaint about a thing; nil if there is none.
    package subscript(_ key: Key) -> Complaint? {
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

/// The complaints of one part of the sidecar, or of all parts: some of them, and the number of the others.
package struct ComplaintSummary: Equatable {
    package var named: [Complaint]
    package var others: Int

    package init(named: [Complaint] = [], others: Int = 0) {
        self.named = named
        self.others = others
    }

    /// The number of complaints.
    package var count: Int { self.named.count + self.others }

    /// The same with at most so many named: the first ones by name.
    package func naming(atMost most: Int) -> Self {
        let named = self.named.sorted { ($0.name, $0.reason) < ($1.name, $1.reason) }
        return Self(named: Array(named.prefix(most)), others: self.count - min(most, named.count))
    }

    package static func + (left: Self, right: Self) -> Self {
        Self(named: left.named + right.named, others: left.others + right.others)
    }
}

extension ComplaintSummary {
    package init<Key>(_ complaints: Complaints<Key>) {
        self.init(named: complaints.named, others: complaints.others)
    }
}

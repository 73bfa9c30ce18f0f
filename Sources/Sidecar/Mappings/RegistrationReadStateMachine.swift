import DequeModule

/// The next query of the tables `registration` and `subscription`, so that none reads them whole.
///
/// First the list of the rows' ids, in pages: it shows which rows are new and which have been deleted. Then the new
/// rows, a page at a time. Then, without hurry and after each change, all the others again, since the functions that
/// they name may have changed; before those the doubtful ones. Only ids are kept here.
///
/// Without a clock and a database, so that tests need neither.
struct RegistrationReadStateMachine {
    typealias Key = RegistrationKey
    typealias Kind = RegistrationKey.Kind

    /// The query.
    enum Step: Equatable {
        /// The ids after this one, in their order, at most ``greatestList`` of them.
        case list(Kind, after: Int64)
        /// These rows, which are new.
        case read(Kind, [Int64])
        /// These rows, which are known: they may be faulty by now. There is no hurry.
        case check(Kind, [Int64])
        /// These rows, which are known, but doubtful.
        case look(Kind, [Int64])
    }

    static var greatestList: Int { 1000 }
    static var greatestPage: Int { 50 }

    private enum Cursor {
        case none
        case at(Kind, after: Int64)
    }

    private var known: [Kind: [Int64]] = [.registration: [], .subscription: []]
    private var list = Cursor.none
    private var checking = Cursor.none
    private var found = Deque<Key>()
    private var doubted = Deque<Key>()
    private var doubts: Set<Key> = []
    private var looking: (kind: Kind, ids: [Int64])?
    /// Something has changed since the list was last begun.
    private var hasChanged = false
    /// Something has changed since the present check was begun.
    private var isCheckedAgain = false

    /// Whether all rows are known to have been read.
    var isSettled: Bool {
        guard case .none = self.list else { return false }
        return self.found.isEmpty && !self.hasChanged
    }

    /// Something in the tables has changed, or may have.
    mutating func changed() {
        self.hasChanged = true
    }

    /// These rows may differ from those that were read.
    mutating func doubt(_ keys: some Sequence<Key>) {
        for key in keys where self.doubts.insert(key).inserted { self.doubted.append(key) }
    }

    /// The next query; nil if there is none. The same until it is answered.
    ///
    /// - Parameter mayList: whether another list may be begun already.
    mutating func next(mayList: Bool) -> Step? {
        if case .at(let kind, let after) = self.list { return .list(kind, after: after) }
        if let kind = self.found.first?.kind {
            return .read(kind, self.found.prefix(Self.greatestPage).prefix { $0.kind == kind }.map(\.id))
        }
        if self.hasChanged, mayList {
            self.hasChanged = false
            self.list = .at(.registration, after: .min)
            // Reading a row for the first time includes the check.
            if self.known.values.contains(where: { !$0.isEmpty }) { self.isCheckedAgain = true }
            return .list(.registration, after: .min)
        }
        if let (kind, ids) = self.nextLook() { return .look(kind, ids) }
        return self.nextCheck()
    }

    private mutating func nextLook() -> (kind: Kind, ids: [Int64])? {
        if let looking = self.looking { return looking }
        guard let kind = self.doubted.first?.kind else { return nil }
        let keys = Array(self.doubted.prefix(Self.greatestPage).prefix { $0.kind == kind })
        self.doubted.removeFirst(keys.count)
        self.doubts.subtract(keys)
        self.looking = (kind, keys.map(\.id).sorted())
        return self.looking
    }

    private mutating func nextCheck() -> Step? {
        while true {
            guard case .at(let kind, let after) = self.checking else {
                guard self.isCheckedAgain else { return nil }
                self.isCheckedAgain = false
                self.checking = .at(.registration, after: .min)
                continue
            }
            let ids = self.known[kind] ?? []
            let page = ids[Self.place(behind: after, in: ids)...].prefix(Self.greatestPage)
            guard page.isEmpty else { return .check(kind, Array(page)) }
            self.checking = kind == .registration ? .at(.subscription, after: .min) : .none
        }
    }

    /// A page of the list has come.
    ///
    /// - Returns: the deleted rows.
    mutating func listed(_ kind: Kind, after: Int64, _ ids: [Int64]) -> [Key] {
        let isLast = ids.count < Self.greatestList
        let all = self.known[kind] ?? []
        let range =
            Self.place(behind: after, in: all)..<(isLast ? all.count : Self.place(behind: ids.last ?? after, in: all))
        let there = Set(ids)
        let gone = all[range].filter { !there.contains($0) }
        let before = Set(all[range])
        self.found.append(contentsOf: ids.lazy.filter { !before.contains($0) }.map { Key(kind: kind, id: $0) })
        self.forget(gone, of: kind, in: range)
        if let last = ids.last, !isLast {
            self.list = .at(kind, after: last)
        } else {
            self.list = kind == .registration ? .at(.subscription, after: .min) : .none
        }
        return gone.map { Key(kind: kind, id: $0) }
    }

    /// New rows have come: those of the requested ids that still exist.
    mutating func read(_ kind: Kind, _ asked: [Int64], there: [Int64]) {
        self.found.removeFirst(min(asked.count, self.found.count))
        var ids = self.known[kind] ?? []
        self.known[kind] = []
        for id in there {
            let place = Self.place(behind: id, in: ids)
            if place == 0 || ids[place - 1] != id { ids.insert(id, at: place) }
        }
        self.known[kind] = ids
    }

    /// Checked rows have come.
    ///
    /// - Returns: the deleted rows.
    mutating func checked(_ kind: Kind, _ asked: [Int64], there: [Int64]) -> [Key] {
        let still = Set(there)
        let gone = asked.filter { !still.contains($0) }
        let all = self.known[kind] ?? []
        if let first = asked.first, let last = asked.last {
            let begin = max(Self.place(behind: first, in: all) - 1, 0)
            self.forget(gone, of: kind, in: begin..<Self.place(behind: last, in: all))
            self.checking = .at(kind, after: last)
        }
        return gone.map { Key(kind: kind, id: $0) }
    }

    /// Doubtful rows have come.
    ///
    /// - Returns: the deleted rows.
    mutating func looked(_ kind: Kind, _ asked: [Int64], there: [Int64]) -> [Key] {
        self.looking = nil
        let still = Set(there)
        let gone = asked.filter { !still.contains($0) }
        for id in gone {
            let end = Self.place(behind: id, in: self.known[kind] ?? [])
            self.forget([id], of: kind, in: max(end - 1, 0)..<end)
        }
        return gone.map { Key(kind: kind, id: $0) }
    }

    /// The tables no longer exist.
    ///
    /// - Returns: the known rows.
    mutating func reset() -> [Key] {
        let keys = self.known.flatMap { kind, ids in ids.map { Key(kind: kind, id: $0) } }
        self = Self()
        return keys
    }

    private mutating func forget(_ gone: [Int64], of kind: Kind, in range: Range<Int>) {
        guard !gone.isEmpty else { return }
        let gone = Set(gone)
        let kept = (self.known[kind] ?? [])[range].filter { !gone.contains($0) }
        self.known[kind]?.replaceSubrange(range, with: kept)
    }

    /// The index of the first of the sorted ids that is greater.
    private static func place(behind id: Int64, in ids: [Int64]) -> Int {
        var low = 0
        var high = ids.count
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] <= id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Which of several mappings of one thing counts: the one of the highest rank, among equals the one that came first.
struct Claims<Thing: Hashable, ID: Hashable> {
    /// What follows for a mapping.
    enum Change: Equatable {
        /// It counts from now on.
        case begins(ID)
        /// It counts no more.
        case ends(ID)
        /// Another one counts.
        case clashes(ID, with: ID)
    }

    private struct Claimant {
        let id: ID
        let rank: MappingRank
    }

    /// Each list begins with the one that counts.
    private var claimants: [Thing: [Claimant]] = [:]
    private var things: [ID: Thing] = [:]

    /// Another mapping. What it takes the place of ends before it begins.
    mutating func claim(_ thing: Thing, by id: ID, rank: MappingRank) -> [Change] {
        var list = self.claimants[thing] ?? []
        let former = list.first
        list.insert(Claimant(id: id, rank: rank), at: list.firstIndex { $0.rank < rank } ?? list.endIndex)
        self.claimants[thing] = list
        self.things[id] = thing
        guard let former else { return [.begins(id)] }
        guard list.first?.id == id else { return [.clashes(id, with: former.id)] }
        return [.ends(former.id), .begins(id)] + list.dropFirst().map { .clashes($0.id, with: id) }
    }

    /// A mapping is no more. The next one begins when it has ended.
    mutating func giveUp(_ id: ID) -> [Change] {
        guard let thing = self.things.removeValue(forKey: id), var list = self.claimants[thing],
            let index = list.firstIndex(where: { $0.id == id })
        else { return [] }
        list.remove(at: index)
        self.claimants[thing] = list.isEmpty ? nil : list
        guard index == 0 else { return [] }
        guard let next = list.first?.id else { return [.ends(id)] }
        return [.ends(id), .begins(next)] + list.dropFirst().map { .clashes($0.id, with: next) }
    }
}

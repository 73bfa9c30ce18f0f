/// Which of several mappings of one thing counts: the one of the highest rank, among equals the first.
struct Claims<Thing: Hashable, ID: Hashable> {
    /// The consequence for a mapping.
    enum Change: Equatable {
        /// It counts from now on.
        case begins(ID)
        /// It no longer counts.
        case ends(ID)
        /// Another one counts.
        case clashes(ID, with: ID)
    }

    private struct Claimant {
        let id: ID
        let rank: MappingRank
    }

    /// Usually only one mapping wants the thing: then there is no list.
    private struct Claimants {
        var first: Claimant
        var others: [Claimant] = []
    }

    private var claimants: [Thing: Claimants] = [:]
    private var things: [ID: Thing] = [:]

    /// Adds a mapping. The mapping that it replaces ends before it begins.
    mutating func claim(_ thing: Thing, by id: ID, rank: MappingRank) -> [Change] {
        let new = Claimant(id: id, rank: rank)
        self.things[id] = thing
        guard var present = self.claimants[thing] else {
            self.claimants[thing] = Claimants(first: new)
            return [.begins(id)]
        }
        let former = present.first
        guard former.rank < rank else {
            let index = present.others.firstIndex { $0.rank < rank } ?? present.others.endIndex
            present.others.insert(new, at: index)
            self.claimants[thing] = present
            return [.clashes(id, with: former.id)]
        }
        present.others.insert(former, at: 0)
        present.first = new
        self.claimants[thing] = present
        return [.ends(former.id), .begins(id)] + present.others.map { .clashes($0.id, with: id) }
    }

    /// Removes a mapping. The next one begins when it has ended.
    mutating func giveUp(_ id: ID) -> [Change] {
        guard let thing = self.things.removeValue(forKey: id), var present = self.claimants[thing] else { return [] }
        guard present.first.id == id else {
            present.others.removeAll { $0.id == id }
            self.claimants[thing] = present
            return []
        }
        guard let next = present.others.first else {
            self.claimants[thing] = nil
            return [.ends(id)]
        }
        present.first = next
        present.others.removeFirst()
        self.claimants[thing] = present
        return [.ends(id), .begins(next.id)] + present.others.map { .clashes($0.id, with: next.id) }
    }
}

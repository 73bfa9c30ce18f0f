/// The receivers of the router's messages for each id: holders, and those that return it, until nothing more can come.
///
/// The router may give the same id to several; then it only learns of the last return. Every operation costs the same,
/// however many receivers there are.
struct Receivers<Thing: Hashable, ID: Hashable> {
    /// Those of one id.
    struct Party {
        fileprivate(set) var holders: Set<Thing> = []
        /// They return it, and may still receive.
        fileprivate(set) var former: Set<Thing> = []
        /// How many returns are under way.
        fileprivate var leaving = 0
    }

    /// The only holder of an id: that of nearly all ids, which so take little memory.
    private var holders: [ID: Thing] = [:]
    /// The only one that returns an id.
    private var formers: [ID: Thing] = [:]
    /// All others.
    private var parties: [ID: Party] = [:]
    /// How many ids each one is returning.
    private var leaving: [Thing: Int] = [:]

    /// The only receiver; nil if there is none, or there were several.
    func only(of id: ID) -> Thing? { self.holders[id] ?? self.formers[id] }

    /// The receivers if ``only(of:)`` is nil; nil if there are none.
    func party(of id: ID) -> Party? { self.parties[id] }

    /// Whether a message may still come for it with an id that it returns.
    func isLeaving(_ thing: Thing) -> Bool { self.leaving[thing] != nil }

    mutating func holds(_ thing: Thing, _ id: ID) {
        var party = self.take(id)
        party.holders.insert(thing)
        if party.former.remove(thing) != nil { self.left(thing) }
        self.put(party, id)
    }

    mutating func givesBack(_ thing: Thing, _ id: ID) {
        var party = self.take(id)
        party.leaving += 1
        if party.holders.remove(thing) != nil {
            party.former.insert(thing)
            self.leaving[thing, default: 0] += 1
        }
        self.put(party, id)
    }

    /// The router, or the session for it, has answered. As long as another holds the same id, the router does not learn
    /// of a return, and does not answer. If all return it, its answer to the last is the end for all.
    ///
    /// - Returns: the receivers for which nothing more comes.
    mutating func gaveBack(_ thing: Thing, _ id: ID) -> [Thing] {
        var party = self.take(id)
        party.leaving = max(party.leaving - 1, 0)
        var ended: [Thing] = []
        if party.leaving == 0 {
            ended = Array(party.former)
            party.former.removeAll()
        } else if !party.holders.isEmpty, let former = party.former.remove(thing) {
            ended = [former]
        }
        self.put(party, id)
        ended.forEach { self.left($0) }
        return ended
    }

    /// The router sends nothing more with it.
    ///
    /// - Returns: its former receivers.
    mutating func revoked(_ id: ID) -> [Thing] {
        var party = self.take(id)
        let former = Array(party.former)
        let ended = Array(party.holders) + former
        party.holders.removeAll()
        party.former.removeAll()
        self.put(party, id)
        former.forEach { self.left($0) }
        return ended
    }

    mutating func removeAll() {
        self.holders.removeAll()
        self.formers.removeAll()
        self.parties.removeAll()
        self.leaving.removeAll()
    }

    private mutating func take(_ id: ID) -> Party {
        if let holder = self.holders.removeValue(forKey: id) { return Party(holders: [holder]) }
        if let former = self.formers.removeValue(forKey: id) { return Party(former: [former], leaving: 1) }
        return self.parties.removeValue(forKey: id) ?? Party()
    }

    private mutating func put(_ party: Party, _ id: ID) {
        switch (party.holders.count, party.former.count, party.leaving) {
        case (0, 0, 0): break
        case (1, 0, 0): self.holders[id] = party.holders.first
        case (0, 1, 1): self.formers[id] = party.former.first
        default: self.parties[id] = party
        }
    }

    private mutating func left(_ thing: Thing) {
        guard let count = self.leaving[thing] else { return }
        self.leaving[thing] = count > 1 ? count - 1 : nil
    }
}

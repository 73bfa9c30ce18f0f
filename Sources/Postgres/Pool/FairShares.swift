/// Room that many parties share, so that the one that takes most can't exclude the others.
///
/// Half of the room is guaranteed, in equal parts; the other half is for the first comers. A party that has nothing yet
/// is admitted as long as there is any room at all, however large its request. Every operation costs the same, however
/// many parties there are. Not generic: other modules would look its type up at run time, for each message.
package struct FairShares {
    /// One of those that share the room.
    package struct Party: Hashable, Sendable {
        private let number: Int

        package init(number: Int) {
            self.number = number
        }

        /// The party of an object, as long as that lives.
        package init(_ object: AnyObject) {
            self.number = Int(bitPattern: ObjectIdentifier(object))
        }
    }

    /// All the room.
    package var capacity: Int {
        didSet { self.isStale = self.isStale || self.capacity != oldValue }
    }
    /// The number of parties.
    package var parties: Int {
        didSet { self.isStale = self.isStale || self.parties != oldValue }
    }
    /// Some parties that have nothing are among them.
    private var used: [Party: Int] = [:]
    private static let mostIdle = 64
    private var total = 0
    /// The room that is used beyond the guaranteed shares.
    private var beyond = 0
    /// The shares have changed since ``beyond`` was computed.
    private var isStale = false

    package init(capacity: Int, parties: Int = 0) {
        self.capacity = capacity
        self.parties = parties
    }

    /// The guaranteed share of each party.
    package var share: Int { self.capacity / 2 / max(self.parties, 1) }

    /// The room that a party has.
    package func used(by party: Party) -> Int { self.used[party] ?? 0 }

    /// Whether there is room for so much more of a party.
    package mutating func hasRoom(for amount: Int, of party: Party) -> Bool {
        guard amount <= self.capacity - self.total else { return false }
        // Usually little is used: nobody can have more than all of it.
        if self.total + amount <= self.share { return true }
        let before = self.used(by: party)
        let after = before + amount
        if before == 0 || after <= self.share { return true }
        self.workOutAgain()
        let common = self.capacity - self.capacity / 2
        return self.beyond - self.excess(of: before) + self.excess(of: after) <= common
    }

    /// A party takes so much.
    package mutating func take(_ amount: Int, for party: Party) {
        self.change(party, by: amount)
    }

    /// A party gives so much back.
    package mutating func release(_ amount: Int, of party: Party) {
        self.change(party, by: -amount)
    }

    private mutating func change(_ party: Party, by amount: Int) {
        let after = Self.add(amount, to: &self.used[party, default: 0])
        self.total += amount
        if !self.isStale { self.beyond += self.excess(of: after) - self.excess(of: after - amount) }
        if after == 0 { self.forgetIdle() }
    }

    private static func add(_ amount: Int, to sum: inout Int) -> Int {
        sum += amount
        return sum
    }

    /// Parties that have nothing are forgotten when there are many: most take something again at once.
    private mutating func forgetIdle() {
        guard self.used.count > self.parties + Self.mostIdle else { return }
        self.used = self.used.filter { $0.value != 0 }
    }

    private func excess(of amount: Int) -> Int { max(amount - self.share, 0) }

    /// Only of parties that use any of it.
    private mutating func workOutAgain() {
        guard self.isStale else { return }
        self.isStale = false
        self.beyond = self.used.values.reduce(0) { $0 + self.excess(of: $1) }
    }
}

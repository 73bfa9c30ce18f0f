import Testing

@testable import Sidecar

@Suite("The receivers of an id's messages")
struct ReceiversTests {
    private func receivers(_ things: [String], of id: Int) -> Receivers<String, Int> {
        var receivers = Receivers<String, Int>()
        for thing in things { receivers.holds(thing, id) }
        return receivers
    }

    @Test("the only one receives until the router has answered")
    func one() {
        var receivers = self.receivers(["a"], of: 7)
        #expect(receivers.all(7) == ["a"])
        #expect(receivers.isEmpty(8))
        receivers.givesBack("a", 7)
        #expect(receivers.all(7) == ["a"])
        #expect(receivers.isLeaving("a"))
        #expect(receivers.gaveBack("a", 7) == ["a"])
        #expect(receivers.isEmpty(7))
        #expect(!receivers.isLeaving("a"))
    }

    @Test("one of several receives no more as soon as its turn has come: the router does not learn of it")
    func oneOfSeveral() {
        var receivers = self.receivers(["a", "b", "c"], of: 7)
        receivers.givesBack("a", 7)
        receivers.givesBack("b", 7)
        #expect(receivers.gaveBack("a", 7) == ["a"])
        #expect(receivers.gaveBack("b", 7) == ["b"])
        #expect(receivers.all(7) == ["c"])
    }

    @Test("if all return it, the answer to the last is the end for all")
    func allOfSeveral() {
        var receivers = self.receivers(["a", "b"], of: 7)
        receivers.givesBack("a", 7)
        receivers.givesBack("b", 7)
        #expect(receivers.gaveBack("a", 7) == [])
        #expect(receivers.all(7) == ["a", "b"])
        #expect(Set(receivers.gaveBack("b", 7)) == ["a", "b"])
        #expect(!receivers.isLeaving("a") && !receivers.isLeaving("b"))
    }

    @Test("whoever holds it again before the answer continues to receive")
    func again() {
        var receivers = self.receivers(["a"], of: 7)
        receivers.givesBack("a", 7)
        receivers.holds("a", 7)
        #expect(receivers.gaveBack("a", 7) == [])
        #expect(receivers.all(7) == ["a"])
        receivers.givesBack("a", 7)
        #expect(receivers.gaveBack("a", 7) == ["a"])
        #expect(!receivers.isLeaving("a"))
    }

    @Test("it may receive for the id that it returns, and for the next")
    func two() {
        var receivers = self.receivers(["a"], of: 7)
        receivers.givesBack("a", 7)
        receivers.holds("a", 8)
        #expect(receivers.gaveBack("a", 7) == ["a"])
        #expect(receivers.only(of: 8) == "a")
        receivers.givesBack("a", 8)
        #expect(receivers.only(of: 8) == "a")
        #expect(receivers.isLeaving("a"))
    }

    @Test("a revoked id has no receivers, and an answer on the way then ends no later one")
    func revoked() {
        var receivers = self.receivers(["a", "b"], of: 7)
        receivers.givesBack("b", 7)
        #expect(Set(receivers.revoked(7)) == ["a", "b"])
        #expect(receivers.revoked(7) == [])
        #expect(!receivers.isLeaving("a") && !receivers.isLeaving("b"))
        receivers.holds("a", 7)
        receivers.givesBack("a", 7)
        #expect(receivers.gaveBack("b", 7) == [])
        #expect(receivers.gaveBack("a", 7) == ["a"])
    }

    @Test("answers for ids without receivers are dropped")
    func unknown() {
        var receivers = self.receivers(["a"], of: 7)
        #expect(receivers.gaveBack("a", 9) == [])
        #expect(receivers.gaveBack("a", 7) == [])
        #expect(receivers.all(7) == ["a"])
        receivers.removeAll()
        #expect(receivers.isEmpty(7))
        #expect(!receivers.isLeaving("a"))
    }
}

extension Receivers {
    /// Whoever receives.
    func all(_ id: ID) -> Set<Thing> {
        if let only = self.only(of: id) { return [only] }
        return self.party(of: id).map { $0.holders.union($0.former) } ?? []
    }

    func isEmpty(_ id: ID) -> Bool { self.only(of: id) == nil && self.party(of: id) == nil }
}

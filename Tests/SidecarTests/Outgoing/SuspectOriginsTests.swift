import NIOCore
import Testing

@testable import Sidecar

@Suite("Procedures and channels that may have ended a session") struct SuspectOriginsTests {
    private let one = Origin.Name(.procedure, "com.example.one")
    private let other = Origin.Name(.procedure, "com.example.other")
    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private var suspects = SuspectOrigins()

    private mutating func lose(
        _ procedures: Origin.Name..., besidesSuspects isOther: Bool = false, at now: NIODeadline? = nil
    ) -> SuspectOrigins.Refused? {
        self.suspects.sessionEnded(underWay: procedures, besidesSuspects: isOther)
        return self.suspects.joined(at: now ?? self.now)
    }

    @Test("the second session that ends refuses the origin, for a while")
    mutating func twice() {
        #expect(self.suspects.isEmpty)
        #expect(self.lose(self.one) == nil)
        #expect(self.suspects.isSuspect(self.one, at: self.now))
        #expect(self.suspects.refusal(of: self.one, at: self.now) == nil)
        #expect(self.lose(self.one) == .init(origin: self.one, sessions: 2, time: .minutes(1)))
        #expect(self.suspects.refusal(of: self.one, at: self.now + .seconds(59)) == .seconds(1))
        #expect(self.suspects.refusal(of: self.one, at: self.now + .seconds(60)) == nil)
        #expect(self.suspects.refusal(of: self.other, at: self.now) == nil)
    }

    @Test("once more afterwards is enough, for twice as long, and an hour at most")
    mutating func again() {
        _ = self.lose(self.one)
        var (now, times) = (self.now, [TimeAmount]())
        for _ in 0..<8 {
            guard let refused = self.lose(self.one, at: now) else { break }
            times.append(refused.time)
            now = now + refused.time + .minutes(4)
        }
        #expect(times == [1, 2, 4, 8, 16, 32, 60, 60].map { .minutes($0) })
    }

    @Test("several that were under way are suspects; the one that is alone the next time is refused")
    mutating func several() {
        #expect(self.lose(self.one, self.other) == nil)
        #expect(self.lose(self.one, self.other) == nil, "either may have been it")
        #expect(
            self.lose(self.one, Origin.Name(.procedure, "com.example.new"))?.origin == self.one,
            "the new one is no suspect")
        #expect(self.suspects.refusal(of: self.other, at: self.now) == nil)
    }

    @Test("an event that is a suspect itself may be the cause")
    mutating func events() {
        #expect(self.lose(self.one) == nil)
        #expect(self.lose(self.one, besidesSuspects: true) == nil)
        #expect(self.lose(self.one) != nil)
    }

    @Test("a router that is down has ended the session by itself")
    mutating func away() {
        for _ in 0..<5 {
            self.suspects.sessionEnded(underWay: [self.one], besidesSuspects: false)
            self.suspects.routerWasAway()
            #expect(self.suspects.joined(at: self.now) == nil)
        }
        #expect(self.suspects.isEmpty)
    }

    @Test("suspicion ends after a while")
    mutating func forgets() {
        #expect(self.lose(self.one) == nil)
        let later = self.now + SuspectOrigins.memory
        #expect(!self.suspects.isSuspect(self.one, at: later))
        #expect(self.lose(self.one, at: later) == nil)
        #expect(self.lose(at: later) == nil)
    }

    @Test("one at a time; a session's end lets the next one begin")
    mutating func turns() {
        let first = self.suspects.begin()
        let second = self.suspects.begin()
        #expect(first && !second)
        self.suspects.taken()
        let third = self.suspects.begin()
        #expect(third)
        self.suspects.sessionEnded(underWay: [self.one], besidesSuspects: false)
        let fourth = self.suspects.begin()
        #expect(fourth)
    }

    @Test("texts are compared as octets")
    mutating func octets() {
        _ = self.lose(Origin.Name(.procedure, "com.\u{e9}"))
        #expect(!self.suspects.isSuspect(Origin.Name(.procedure, "com.e\u{301}"), at: self.now))
    }
}

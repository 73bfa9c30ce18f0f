import NIOCore
import TestChecks
import Testing

@testable import Outbox

@Suite("Topics that the router refuses for the moment")
struct HeldTopicsTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("a topic waits longer each time its first event is refused, and is given up after minutes")
    func waits() {
        var held = HeldTopics(attempts: 5)
        var now = self.start
        var attempts = 0
        while now - self.start < .minutes(5) {
            let wait = TimeAmount.seconds(([1, 2, 4, 8] + Array(repeating: 16, count: 30))[attempts])
            check(held.refused(5, topic: "a", reason: "no", settled: nil, at: now), .waits(for: wait))
            attempts += 1
            check(held.isHeld("a"), true)
            check(held.isHeld("b"), false)
            check(held.next, now + wait)
            check(held.reading(at: now), nil)
            now = now + wait
            check(held.reading(at: now), .probes([5]))
            check(held.isFree("a"), true)
        }
        check(held.refused(5, topic: "a", reason: "no", settled: nil, at: now), .isGivenUp(attempts: attempts + 1))
    }

    @Test("fewer attempts are made in less time")
    func fewAttempts() {
        var held = HeldTopics(attempts: 2)
        check(held.refused(5, topic: "a", reason: "no", settled: nil, at: self.start), .waits(for: .seconds(1)))
        check(held.reading(at: self.start + .seconds(1)), .probes([5]))
        check(
            held.refused(5, topic: "a", reason: "no", settled: nil, at: self.start + .seconds(1)),
            .isGivenUp(attempts: 2))
        held = HeldTopics(attempts: 1)
        check(held.refused(5, topic: "a", reason: "no", settled: nil, at: self.start), .isGivenUp(attempts: 1))
    }

    @Test("a refusal of an event that was published after the refused one does not count")
    func followers() {
        var held = HeldTopics(attempts: 5)
        _ = held.refused(5, topic: "a", reason: "no", settled: nil, at: self.start)
        check(held.refused(6, topic: "a", reason: "no", settled: nil, at: self.start), .follows)
        check(held.settled(6, topic: "a"), 0)
        check(held.isHeld("a"), true)
    }

    @Test("when the first event is accepted the backlog is read, until there is none; then the topic is free")
    func drains() {
        var held = HeldTopics(attempts: 5)
        _ = held.refused(5, topic: "a", reason: "no", settled: 3, at: self.start)
        let now = self.start + .seconds(1)
        check(held.reading(at: now), .probes([5]))
        check(held.settled(5, topic: "a"), 0)
        check(held.reading(at: now), .backlog(behind: 3))
        check(held.backlogTopics, ["a"])
        held.backlogRead(last: 9)
        check(held.reading(at: now), .backlog(behind: 9))
        held.backlogRead(last: nil)
        check(held.isHeld("a"), false)
        check(held.isEmpty, true)
    }

    @Test("a deleted first event does not hold its topic any more")
    func deleted() {
        var held = HeldTopics(attempts: 5)
        _ = held.refused(5, topic: "a", reason: "no", settled: 8, at: self.start)
        check(held.reading(at: self.start + .seconds(1)), .probes([5]))
        held.probesRead([])
        check(held.reading(at: self.start + .seconds(1)), .backlog(behind: 4))
    }

    @Test("topics that Unicode considers equivalent are two")
    func exact() {
        var held = HeldTopics(attempts: 5)
        _ = held.refused(5, topic: "caf\u{E9}", reason: "no", settled: nil, at: self.start)
        check(held.isHeld("caf\u{E9}"), true)
        check(held.isHeld("cafe\u{301}"), false)
    }

    @Test("many topics with one reason wait as a group: one is tried for all")
    func group() {
        var held = HeldTopics(attempts: 5)
        for id in 1...Int64(HeldTopics.mostAlone) {
            check(
                held.refused(id, topic: "\(id)", reason: "no", settled: nil, at: self.start), .waits(for: .seconds(1)))
        }
        check(held.refused(90, topic: "90", reason: "no", settled: nil, at: self.start), .waitsAsGroup(17))
        check(held.refused(91, topic: "91", reason: "no", settled: nil, at: self.start), .follows)
        check(
            held.refused(92, topic: "92", reason: "other", settled: nil, at: self.start), .waits(for: .seconds(1)),
            "for another reason")
        let first = self.start + .seconds(1)
        guard case .probes(let ids) = held.reading(at: first) else { Issue.record("nothing is tried"); return }
        check(ids, [1, 92], "one for the group, one by itself")
        check(held.refused(1, topic: "1", reason: "no", settled: nil, at: first), .follows)
        check(held.settled(92, topic: "92"), 0)
        check(held.reading(at: first), .backlog(behind: nil))
        held.backlogRead(last: nil)
        check(held.next, first + .seconds(2))
        check(held.reading(at: first + .seconds(2)), .probes([1]))
        check(held.settled(1, topic: "1"), 17)
        check(held.reading(at: first + .seconds(2)), .backlog(behind: nil))
        held.backlogRead(last: nil)
        guard case .probes(let rest) = held.reading(at: first + .seconds(2)) else { Issue.record("no more"); return }
        check(rest, Array(2...16) + [90, 91])
    }

    @Test("the events of a group are given up too, each after its own last attempt")
    func groupIsGivenUp() {
        var held = HeldTopics(attempts: 5)
        for id in 1...Int64(20) { _ = held.refused(id, topic: "\(id)", reason: "no", settled: nil, at: self.start) }
        var now = self.start
        var given: Set<Int64> = []
        var tries = 0
        while given.count < 20, tries < 1000 {
            tries += 1
            guard let next = held.next else { break }
            now = max(now, next)
            switch held.reading(at: now) {
            case .probes(let ids):
                for id in ids {
                    if case .isGivenUp = held.refused(id, topic: "\(id)", reason: "no", settled: nil, at: now) {
                        given.insert(id)
                    }
                }
            case .backlog: held.backlogRead(last: nil)
            case nil: break
            }
        }
        check(given.count, 20)
        check(now - self.start >= .minutes(5), true)
        check(now - self.start < .minutes(6), true)
        check(tries < 100, true)
    }

    @Test("more names than a scan can get: everything waits")
    func full() {
        var held = HeldTopics(attempts: 5)
        let name = String(repeating: "x", count: 1000)
        var id: Int64 = 0
        while !held.isFull, id < 10_000 {
            id += 1
            _ = held.refused(id, topic: "\(name)\(id)", reason: "no", settled: nil, at: self.start)
        }
        check(held.isFull, true)
        check(id > 4000, true)
    }
}

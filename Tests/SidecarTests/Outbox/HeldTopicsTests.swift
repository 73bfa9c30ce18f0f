import NIOCore
import Testing

@testable import Sidecar

@Suite("Topics that the router refuses for the moment")
struct HeldTopicsTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("a topic waits longer each time its first event is refused, and no other topic waits")
    func waits() {
        var held = HeldTopics()
        var now = self.start
        for (attempt, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 32)] as [(Int, Int64)] {
            let answer = held.refused(5, topic: "a", at: now)
            check(answer.attempts, attempt)
            check(answer.wait, .seconds(seconds))
            check(held.isHeld("a"), true)
            check(held.isHeld("b"), false)
            check(held.nextRetry, now + .seconds(seconds))
            check(held.release(at: now), false)
            now = now + .seconds(seconds)
            check(held.release(at: now), true)
            check(held.isHeld("a"), false)
        }
    }

    @Test("what was published behind the refused event and is refused too does not count")
    func followers() {
        var held = HeldTopics()
        _ = held.refused(5, topic: "a", at: self.start)
        check(held.refused(6, topic: "a", at: self.start).attempts, 0)
        held.settled(6, topic: "a")
        check(held.isHeld("a"), true)
        _ = held.release(at: self.start + .seconds(1))
        check(held.refused(5, topic: "a", at: self.start).attempts, 2)
    }

    @Test("the next event of the topic begins to count anew")
    func settles() {
        var held = HeldTopics()
        _ = held.refused(5, topic: "a", at: self.start)
        _ = held.release(at: self.start + .seconds(1))
        held.settled(5, topic: "a")
        check(held.nextRetry, nil)
        check(held.refused(6, topic: "a", at: self.start).attempts, 1)
    }
}

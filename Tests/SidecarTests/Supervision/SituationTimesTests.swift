import NIOCore
import Outbox
import TestChecks
import Testing

@testable import Sidecar

@Suite("Since when each side stands as it does")
struct SituationTimesTests {
    private static func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    @Test("each side's time begins with its own change")
    func changes() {
        var times = SituationTimes(at: Self.time(1))
        var situation = Situation()
        var former = situation
        func change(at second: Int64, _ change: (inout Situation) -> Void) {
            former = situation
            change(&situation)
            times.follow(situation, from: former, at: Self.time(second))
        }
        change(at: 2) { $0.isDatabaseAvailable = true }
        change(at: 3) { $0.leadership = .leader(continued: false) }
        change(at: 4) { $0.isListening = true }
        check(times.database, Self.time(2))
        check(times.leadership, Self.time(3))
        check(times.router, Self.time(1))
        change(at: 5) { $0.isDatabaseAvailable = false }
        check(times.database, Self.time(5))
        check(times.leadership, Self.time(3))
    }
}

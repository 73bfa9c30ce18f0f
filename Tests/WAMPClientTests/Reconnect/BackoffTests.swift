import NIOCore
import Testing

@testable import WAMPClient

@Suite struct BackoffTests {
    @Test func doublesUpToTheGreatest() {
        let backoff = Backoff()
        let bounds = (1...12).map { backoff.bound(failures: $0).nanoseconds / 1_000_000 }
        #expect(bounds == [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 32000, 32000, 32000])
    }

    @Test(arguments: [Int.min, -1, 0, 1, 33, 34, 64, Int.max])
    func neverTraps(_ failures: Int) {
        let bound = Backoff(base: .hours(1000), greatest: .seconds(32)).bound(failures: failures)
        #expect(bound <= .seconds(32))
    }

    @Test func fullJitter() {
        let backoff = Backoff()
        #expect(backoff.delay(failures: 4, random: 0) == .zero)
        #expect(backoff.delay(failures: 4, random: 0.5) == .milliseconds(400))
        #expect(backoff.delay(failures: 4, random: 1) == .milliseconds(800))
        #expect(backoff.delay(failures: 4, random: .nan) == .milliseconds(800))
        #expect(backoff.delay(failures: 4, random: -3) == .zero)
    }
}

import NIOCore
import TestChecks
import Testing

@testable import Sidecar

@Suite("Whether the event loop was late")
struct LoopLatenessTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("more than a second is late, and is remembered for ten")
    func late() {
        var lateness = LoopLateness()
        check(lateness.isLate(at: self.start), false)
        lateness.measured(due: self.start, at: self.start + .seconds(1))
        check(lateness.isLate(at: self.start + .seconds(1)), false)
        check(lateness.last, .seconds(1))
        let late = self.start + .milliseconds(1001)
        lateness.measured(due: self.start, at: late)
        check(lateness.isLate(at: late), true)
        lateness.measured(due: late, at: late)
        check(lateness.last, .zero)
        check(lateness.isLate(at: late + .milliseconds(9999)), true)
        check(lateness.isLate(at: late + .seconds(10)), false)
    }
}

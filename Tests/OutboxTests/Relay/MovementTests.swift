import NIOCore
import TestChecks
import Testing

@testable import Outbox

@Suite("For how long events wait")
struct MovementTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("what waits has waited since the last one left")
    func waits() {
        var movement = Movement()
        check(movement.waitingSince, nil)
        movement.noted(isWaiting: true, at: self.start)
        movement.noted(isWaiting: true, at: self.start + .seconds(9))
        check(movement.waitingSince, self.start)
        movement.moved(at: self.start + .seconds(10))
        movement.noted(isWaiting: true, at: self.start + .seconds(11))
        check(movement.waitingSince, self.start + .seconds(10))
        movement.noted(isWaiting: false, at: self.start + .seconds(12))
        check(movement.waitingSince, nil)
        movement.noted(isWaiting: true, at: self.start + .seconds(13))
        check(movement.waitingSince, self.start + .seconds(13))
    }
}

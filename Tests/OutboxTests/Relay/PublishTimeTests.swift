import NIOCore
import TestChecks
import Testing

@testable import Outbox

@Suite("How long ago an event was published")
struct PublishTimeTests {
    private let read = NIODeadline.uptimeNanoseconds(5_000_000_000)

    @Test("its age when it was read, and the time since then")
    func delay() {
        let time = PublishTime(age: 2_000_000_000, at: self.read)
        check(time.delay(at: self.read), 2_000_000_000)
        check(time.delay(at: self.read + .seconds(1)), 3_000_000_000)
        check(PublishTime(age: 0, at: self.read).delay(at: self.read - .seconds(1)), 0)
    }

    @Test("it may be older than the clock, and as old as numbers go")
    func old() {
        check(PublishTime(age: 60_000_000_000, at: self.read).delay(at: self.read), 60_000_000_000)
        check(PublishTime(age: .max, at: self.read).delay(at: self.read + .hours(1)), .max)
    }
}

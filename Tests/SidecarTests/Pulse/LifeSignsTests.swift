import NIOCore
import TestChecks
import Testing

@testable import Sidecar

@Suite("Whether the threads beside the event loop answer")
struct LifeSignsTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("each has ten seconds, and is asked once in that time")
    func patience() {
        var signs = LifeSigns()
        check(signs.fault(at: self.start), nil)
        check(signs.ask(.watcher, at: self.start), true)
        check(signs.ask(.threadPool, at: self.start), true)
        check(signs.ask(.watcher, at: self.start + .seconds(1)), false)
        signs.answered(.threadPool)
        check(signs.fault(at: self.start + .milliseconds(9999)), nil)
        check(
            signs.fault(at: self.start + .seconds(10)),
            "the thread that watches the database's sockets has not answered for 10 s")
        signs.answered(.watcher)
        check(signs.fault(at: self.start + .seconds(10)), nil)
        check(signs.ask(.watcher, at: self.start + .seconds(11)), true)
        check(signs.ask(.threadPool, at: self.start + .seconds(11)), true)
        signs.answered(.watcher)
        check(signs.fault(at: self.start + .seconds(30)), "the thread pool has not answered for 19 s")
    }
}

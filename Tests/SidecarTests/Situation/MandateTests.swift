import NIOCore
import TestChecks
import Testing

@testable import Sidecar

@Suite("The right to do the work that must happen once")
struct MandateTests {
    private let start = NIODeadline.uptimeNanoseconds(100_000_000_000)

    @Test("it lapses at the first check that is too late, once, and is in force again with the next proof")
    func lapses() {
        let mandate = Mandate()
        var lapses = 0
        mandate.lapsed = { lapses += 1 }
        mandate.check(at: self.start)
        check(lapses, 0, "there is nothing to lapse")
        mandate.prove(until: self.start + .seconds(9), at: self.start)
        check(mandate.isInForce, true)
        mandate.check(at: self.start + .milliseconds(8999))
        check(lapses, 0)
        for seconds in [9, 10, 99] as [Int64] {
            mandate.check(at: self.start + .seconds(seconds))
            check(lapses, 1)
            check(mandate.isInForce, false)
        }
        mandate.prove(until: self.start + .seconds(12), at: self.start + .seconds(20))
        check(mandate.isInForce, false, "that is over")
        mandate.prove(until: self.start + .seconds(29), at: self.start + .seconds(20))
        check(mandate.isInForce, true)
        mandate.check(at: self.start + .seconds(29))
        check(lapses, 2)
    }

    @Test("one that was given up does not lapse")
    func givenUp() {
        let mandate = Mandate()
        mandate.lapsed = { check(true, false, "it lapses") }
        mandate.prove(until: self.start + .seconds(9), at: self.start)
        mandate.giveUp()
        check(mandate.isInForce, false)
        mandate.check(at: self.start + .seconds(10))
    }
}

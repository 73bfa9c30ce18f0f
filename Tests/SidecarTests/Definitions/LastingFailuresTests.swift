import NIOCore
import TestChecks
import Testing

@testable import Sidecar

@Suite struct LastingFailuresTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test(arguments: ["42501", "42883", "3F000"])
    func firstOnly(_ sqlstate: String) {
        var failures = LastingFailures()
        check(failures.happened(sqlstate, at: self.start), true)
        check(failures.happened(sqlstate, at: self.start), false)
        check(failures.happened(sqlstate, at: self.start + .minutes(9)), false)
    }

    @Test func eachStateByItself() {
        var failures = LastingFailures()
        check(failures.happened("42501", at: self.start), true)
        check(failures.happened("42883", at: self.start), true)
        check(failures.happened("42501", at: self.start), false)
    }

    @Test func othersAreAlwaysNews() {
        var failures = LastingFailures()
        check(failures.happened("53200", at: self.start), true)
        check(failures.happened("53200", at: self.start), true)
    }

    /// Each of them, reported or not, begins the time again.
    @Test func againAfterATimeWithoutAny() {
        var failures = LastingFailures()
        check(failures.happened("42501", at: self.start), true)
        check(failures.happened("42501", at: self.start + .minutes(9)), false)
        check(failures.happened("42501", at: self.start + .minutes(18)), false)
        check(failures.happened("42501", at: self.start + .minutes(28)), true)
    }
}

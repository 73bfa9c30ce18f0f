import TestChecks
import Testing

@testable import Sidecar

@Suite("How far long work is, on a terminal")
struct ProgressLineTests {
    @Test("the line is written again, a few times a second, and removed in the end")
    func line() {
        var progress = ProgressLine("dead letters retried")
        check(progress.ended(), nil)
        check(progress.advanced(to: 10_000, of: 53_120, at: .seconds(7)), "\r10,000 of 53,120 dead letters retried")
        check(progress.advanced(to: 20_000, of: 53_120, at: .milliseconds(7_249)), nil)
        check(
            progress.advanced(to: 30_000, of: 53_120, at: .milliseconds(7_250)),
            "\r30,000 of 53,120 dead letters retried")
        check(progress.advanced(to: 40_000, of: 53_120, at: .milliseconds(7_499)), nil)
        check(progress.ended(), "\r" + String(repeating: " ", count: 37) + "\r")
        check(progress.ended(), nil)
    }

    @Test("a line that is wider than the terminal is cut, since what is broken there can't be removed")
    func narrow() {
        var progress = ProgressLine("dead letters retried")
        check(progress.advanced(to: 1, of: 9, at: .zero, columns: 11), "\r1 of 9 dea")
        check(progress.ended(), "\r          \r")
    }

    @Test("a shorter line covers the one before")
    func shorter() {
        var progress = ProgressLine("gone")
        check(progress.advanced(to: 10, of: 10_000, at: .zero), "\r10 of 10,000 gone")
        check(progress.advanced(to: 1, of: 9, at: .seconds(1)), "\r1 of 9 gone      ")
    }
}

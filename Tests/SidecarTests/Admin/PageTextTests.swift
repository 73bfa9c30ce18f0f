import TestChecks
import Testing

@testable import Sidecar

/// `test_page.py` asks the script the same.
@Suite("Numbers as the page has them")
struct PageTextTests {
    @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")])
    func counts(number: Int, text: String) { check(PageText.count(number), text) }

    @Test(
        arguments: [
            (nil, "–"), (0, "0"), (0.001, "<0.01"), (0.02, "0.02"), (0.994, "0.99"), (0.996, "1.0"), (3.44, "3.4"),
            (99.94, "99.9"), (99.96, "100"), (12_345.6, "12,346"),
        ] as [(Double?, String)])
    func rates(number: Double?, text: String) { check(PageText.rate(number), text) }

    @Test(
        arguments: [
            (nil, "–"), (0, "<0.1 ms"), (0.000_04, "<0.1 ms"), (0.000_42, "0.4 ms"), (0.009_94, "9.9 ms"),
            (0.009_96, "10 ms"), (0.9994, "999 ms"), (0.9996, "1.0 s"), (10, "10.0 s"),
        ] as [(Double?, String)])
    func latencies(seconds: Double?, text: String) { check(PageText.latency(seconds), text) }

    @Test(arguments: [
        (-5, "0 s"), (59.9, "59 s"), (60, "1 min"), (3_599, "59 min"), (11_520, "3 h 12 min"), (86_400, "1 d 0 h"),
        (1e9, "11,574 d 1 h"),
    ])
    func ages(seconds: Double, text: String) { check(PageText.age(seconds), text) }

    @Test("a line from left to right")
    func line() {
        check(Sparkline(numbers: []).path, "")
        check(Sparkline(numbers: [0, 5, 10]).path, "M116 42L117 38.0L118 20.0L119 2.0L120 42")
        check(Sparkline(numbers: [0, 0]).path, "M117 42L118 38.0L119 38.0L120 42")
        check(Sparkline(numbers: [1, 3]).peak, 3)
    }
}

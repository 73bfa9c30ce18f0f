/// A length of time as people say it: `0.4 ms`, `250 ms`, `1.5 s`, `45 s`, `2 min 5 s`, `3 h`.
package struct DurationText: Sendable, CustomStringConvertible {
    private let nanoseconds: Int64

    /// Takes a number of nanoseconds; a negative one is none.
    package init(nanoseconds: Int64) {
        self.nanoseconds = max(nanoseconds, 0)
    }

    /// The number and its unit: two digits of short ones, whole seconds of long ones.
    package var description: String {
        let milliseconds = self.nanoseconds / 1_000_000
        let seconds = milliseconds / 1000
        return switch milliseconds {
        case 0..<10: Self.tenths(self.nanoseconds / 100_000, "ms")
        case 10..<1000: "\(milliseconds) ms"
        case 1000..<10_000: Self.tenths(milliseconds / 100, "s")
        case 10_000..<60_000: "\(seconds) s"
        case 60_000..<3_600_000: Self.pair(seconds / 60, "min", seconds % 60, "s")
        case 3_600_000..<86_400_000: Self.pair(seconds / 3600, "h", seconds % 3600 / 60, "min")
        default: Self.pair(seconds / 86_400, "d", seconds % 86_400 / 3600, "h")
        }
    }

    private static func tenths(_ number: Int64, _ unit: String) -> String {
        number % 10 == 0 ? "\(number / 10) \(unit)" : "\(number / 10).\(number % 10) \(unit)"
    }

    private static func pair(_ number: Int64, _ unit: String, _ rest: Int64, _ smaller: String) -> String {
        rest == 0 ? "\(number) \(unit)" : "\(number) \(unit) \(rest) \(smaller)"
    }
}

import Logging
import Testing

@testable import Sidecar

@Suite struct LogRepetitionsTests {
    private static func entry(_ topic: String, message: Logger.Message = "event failed") -> LogRepetitions.Entry {
        LogRepetitions.Entry(level: .error, message: message, metadata: ["topic": "\(topic)"])
    }

    @Test func firstOfAKeyIsWrittenTheOthersAreCounted() throws {
        var repetitions = LogRepetitions()
        #expect(repetitions.happened(Self.entry("a"), key: "a", burst: 1) == .write(opens: "event failed a"))
        #expect(repetitions.happened(Self.entry("a"), key: "a", burst: 1) == .count)
        #expect(repetitions.happened(Self.entry("b"), key: "b", burst: 1) == .write(opens: "event failed b"))
        #expect(repetitions.happened(Self.entry("a"), key: "a", burst: 1) == .count)
        let ended = repetitions.intervalEnded("event failed a")
        let summary = try #require(ended)
        #expect(summary.count == 2)
        #expect(summary.total == 3)
        #expect(summary.entry.metadata == ["topic": "a"])
        // Still in the next interval.
        #expect(repetitions.happened(Self.entry("a"), key: "a", burst: 1) == .count)
        #expect(repetitions.intervalEnded("event failed a")?.total == 4)
        #expect(repetitions.intervalEnded("event failed a") == nil)
        #expect(repetitions.happened(Self.entry("a"), key: "a", burst: 1) == .write(opens: "event failed a"))
    }

    @Test func manyKeysOfOneKindAreOne() throws {
        var repetitions = LogRepetitions()
        var written = 0
        for number in 0..<50_000 {
            let verdict = repetitions.happened(Self.entry("t\(number)"), key: "t\(number)", burst: 1)
            if verdict != .count { written += 1 }
        }
        #expect(written == LogRepetitions.mostKeys + 1)
        let ended = repetitions.intervalEnded("event failed")
        let summary = try #require(ended)
        #expect(summary.count == 50_000 - LogRepetitions.mostKeys - 1)
        // Another kind is not touched by it.
        #expect(repetitions.happened(Self.entry("x", message: "other"), key: "x", burst: 1) == .write(opens: "other x"))
        for number in 0..<LogRepetitions.mostKeys {
            #expect(repetitions.intervalEnded("event failed t\(number)") == nil)
        }
        #expect(repetitions.intervalEnded("event failed") == nil)
        #expect(repetitions.happened(Self.entry("n"), key: "n", burst: 1) == .write(opens: "event failed n"))
    }

    @Test func burst() throws {
        var repetitions = LogRepetitions()
        #expect(repetitions.happened(Self.entry("a"), key: nil, burst: 3) == .write(opens: "event failed"))
        #expect(repetitions.happened(Self.entry("b"), key: nil, burst: 3) == .write(opens: nil))
        #expect(repetitions.happened(Self.entry("c"), key: nil, burst: 3) == .write(opens: nil))
        #expect(repetitions.happened(Self.entry("d"), key: nil, burst: 3) == .count)
        let ended = repetitions.intervalEnded("event failed")
        let summary = try #require(ended)
        #expect(summary.count == 1)
        #expect(summary.total == 4)
    }
}

import NIOCore
import Names
import TestChecks
import Testing

@testable import Sidecar

@Suite("How a route does of late")
struct RouteTrendTests {
    private static func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    @Test("a rate is of the interval between two looks, and old ones go")
    func rates() {
        var trend = RateTrend(most: 3)
        check(trend.mean, 0)
        trend.look(100, at: Self.time(0))
        check(trend.rates, [])
        trend.look(110, at: Self.time(5))
        trend.look(110, at: Self.time(10))
        trend.look(140, at: Self.time(15))
        check(trend.rates, [2, 0, 6])
        trend.look(145, at: Self.time(25))
        check(trend.rates, [0, 6, 0.5])
        #expect(abs(trend.mean - 6.5 / 3) < 1e-9)
    }

    @Test("no time between two looks is no interval, and a count that falls is no rate")
    func oddLooks() {
        var trend = RateTrend(most: 3)
        trend.look(5, at: Self.time(1))
        trend.look(9, at: Self.time(1))
        check(trend.rates, [])
        trend.look(7, at: Self.time(2))
        trend.look(3, at: Self.time(3))
        check(trend.rates, [2, 0])
    }

    @Test("durations are forgotten after five to ten minutes")
    func durations() {
        var (trend, durations) = (RouteTrend(), Histogram())
        durations.observe(nanoseconds: 5_000_000_000)
        func look(_ times: Int) {
            for _ in 0..<times { trend.look(durations.count, durations, at: Self.time(0)) }
        }
        look(RouteTrend.looksOfDurations)
        durations.observe(nanoseconds: 1_000)
        check(trend.recent(durations).count, 2)
        look(RouteTrend.looksOfDurations - 1)
        check(trend.recent(durations).count, 2)
        look(1)
        check(trend.recent(durations).count, 1)
        check(
            trend.recent(durations),
            {
                var quick = Histogram(); quick.observe(nanoseconds: 1_000); return quick
            }())
        look(RouteTrend.looksOfDurations)
        check(trend.recent(durations).quantile(0.5), nil)
    }

    @Test("the whole sidecar is looked at each five seconds, whoever asks how often")
    func load() {
        let metrics = Metrics(version: "1")
        let (procedure, topic) = (metrics.procedures.slot("a"), metrics.subscriptions.slot("b"))
        for second in 0...10 {
            metrics.beat(at: Self.time(Int64(second)))
            procedure.callCame()
            if second.isMultiple(of: 2) { topic.eventCame() }
        }
        check(metrics.load.calls.rates, [1, 1])
        check(metrics.load.events.rates, [0.6, 0.4])
        check(procedure.figures(of: "a")?.perSecond, 1)
        for second in 11...2_000 { metrics.beat(at: Self.time(Int64(second))) }
        check(metrics.load.calls.rates.count, LoadTrend.most)
        check(metrics.load.calls.rates.contains { $0 > 0 }, false)
    }

    @Test("what a slot has counted, unless it is shared")
    func figures() {
        let metrics = Metrics(version: "1")
        let slot = metrics.procedures.slot("a")
        for _ in 0..<3 { slot.callCame() }
        slot.callEnded(.ok, after: .milliseconds(20))
        slot.callEnded(.timeout, after: .milliseconds(20))
        let figures = slot.figures(of: "a")
        check(figures?.received, 3)
        check(figures?.inProgress, 1)
        check(figures?.ends[.timeout], 1)
        check(figures?.median.map { $0 > 0.01 && $0 <= 0.025 }, true)
        check(slot.figures(of: "b"), nil)
        let topic = metrics.subscriptions.slot("b")
        topic.eventCame()
        topic.eventLost(.overflow)
        check(topic.figures(of: "b")?.lost, 1)
        check(topic.figures(of: "a"), nil)
    }
}

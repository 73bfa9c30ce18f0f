import Testing

@testable import Names

@Suite("How long things took")
struct HistogramTests {
    private static func histogram(_ nanoseconds: Int64...) -> Histogram {
        var histogram = Histogram()
        for time in nanoseconds { histogram.observe(nanoseconds: time) }
        return histogram
    }

    @Test("each is in the bucket of the first bound that it does not exceed")
    func buckets() {
        let histogram = Self.histogram(0, 1_000_000, 1_000_001, 20_000_000_000)
        let counts = histogram.cumulated(at: .all)
        #expect(counts.map(\.bound).first == "0.0001")
        #expect(counts.first { $0.bound == "0.0005" }?.count == 1)
        #expect(counts.first { $0.bound == "0.001" }?.count == 2)
        #expect(counts.first { $0.bound == "0.0025" }?.count == 3)
        #expect(counts.last?.bound == "10.0")
        #expect(counts.last?.count == 3)
        #expect(histogram.count == 4)
        #expect(histogram.sum == 20.002000001)
    }

    @Test("the few bounds have the counts that they have among all")
    func few() {
        let histogram = Self.histogram(50_000, 2_000_000, 30_000_000, 700_000_000, 2_000_000_000)
        let counts = histogram.cumulated(at: .few)
        #expect(counts.map(\.bound) == ["0.01", "0.1"])
        #expect(counts.map(\.count) == [2, 3])
        let one = histogram.cumulated(at: .one)
        #expect(one.map(\.bound) == ["0.1"])
        #expect(one.map(\.count) == [3])
    }

    @Test("the more there are in a family, the fewer bounds each has")
    func boundsOfFamilies() {
        #expect(Histogram.Bounds(histograms: 0) == .all)
        #expect(Histogram.Bounds(histograms: 20) == .all)
        #expect(Histogram.Bounds(histograms: 21) == .few)
        #expect(Histogram.Bounds(histograms: 80) == .few)
        #expect(Histogram.Bounds(histograms: 81) == .one)
    }

    @Test("what another has counted is added")
    func adds() {
        var histogram = Self.histogram(50_000, 2_000_000)
        histogram.add(Self.histogram(50_000))
        #expect(histogram == Self.histogram(50_000, 2_000_000, 50_000))
    }

    @Test("a quantile is within the bucket of its rank")
    func quantiles() {
        #expect(Histogram().quantile(0.5) == nil)
        let histogram = Self.histogram(
            600_000, 600_000, 600_000, 600_000, 600_000, 600_000, 600_000, 600_000, 600_000, 60_000_000)
        let (half, most) = (histogram.quantile(0.5) ?? 0, histogram.quantile(0.99) ?? 0)
        #expect(half > 0.0005 && half <= 0.001)
        #expect(most > 0.05 && most <= 0.1)
        #expect(Self.histogram(60_000_000_000).quantile(0.5) == 10)
    }

    @Test("what was counted since an earlier state")
    func since() {
        let before = Self.histogram(50_000, 2_000_000)
        var after = before
        after.add(Self.histogram(700_000_000))
        #expect(after.since(before) == Self.histogram(700_000_000))
        #expect(after.since(after) == Histogram())
    }
}

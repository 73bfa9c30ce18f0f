import Testing

@testable import load

struct HistogramTests {
    @Test func percentilesAreExactToOnePercent() {
        var histogram = Histogram()
        for value in UInt64(1)...100_000 { histogram.record(value * 100) }
        #expect(histogram.count == 100_000)
        for share in [0.01, 0.5, 0.9, 0.99, 1] {
            let exact = share * 10_000_000
            #expect(abs(Double(histogram.percentile(share)) - exact) <= exact / 100)
        }
    }

    @Test func smallValuesAreExact() {
        var histogram = Histogram()
        for value in UInt64(0)...100 { histogram.record(value) }
        #expect(histogram.percentile(0.5) == 50)
        #expect(histogram.percentile(1) == 100)
    }

    @Test func theGreatestAndNoneAreNoTrouble() {
        var histogram = Histogram()
        #expect(histogram.percentile(0.5) == 0)
        histogram.record(.max)
        #expect(histogram.percentile(0.5) > UInt64.max / 100 * 99)
    }
}

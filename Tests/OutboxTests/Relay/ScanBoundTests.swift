import TestChecks
import Testing

@testable import Outbox

@Suite("After which id the outbox is read, and which gaps are searched")
struct ScanBoundTests {
    /// A bound without a settled id, and so many assigned ids.
    private func unsettled(given: Int64) -> ScanBound {
        var bound = ScanBound()
        bound.marked(ScanBound.Mark(last: given, horizon: 100, sequence: 1))
        bound.scanBegan(isOfAll: true)
        return bound
    }

    private func see(_ ids: [Int64], _ bound: inout ScanBound) {
        for id in ids { check(bound.saw(id), false) }
    }

    @Test("the first row of a scan from the beginning is the floor, and whatever precedes it a gap")
    func firstRow() {
        var bound = ScanBound()
        bound.scanBegan(isOfAll: true)
        self.see([5], &bound)
        check(bound.floor, nil, "which sequence has given it is not known")
        bound = self.unsettled(given: 4)
        self.see([5, 6], &bound)
        check(bound.floor, nil, "it may have an explicit id")
        bound = self.unsettled(given: 6)
        bound.scanBegan(isOfAll: false)
        self.see([5], &bound)
        check(bound.floor, nil, "other rows may precede it")
        bound.scanBegan(isOfAll: true)
        self.see([5, 6], &bound)
        check(bound.floor, 6)
        check(bound.gaps, [.min...4])
    }

    @Test("a gap is as wide as the missing ids, as long as the sequence has assigned them")
    func wideGaps() {
        var bound = self.unsettled(given: 1_000_000)
        self.see([1, 2, 2003, 1_000_000], &bound)
        check(bound.floor, 1_000_000)
        check(bound.gaps, [.min...0, 3...2002, 2004...999_999])
        self.see([1_000_001 + ScanBound.farthestLeap], &bound)
        check(bound.gaps.last, 1_000_001...(1_000_000 + ScanBound.farthestLeap))
        let floor = bound.floor
        self.see([1_000_003 + 2 * ScanBound.farthestLeap, 1_000_004 + 2 * ScanBound.farthestLeap], &bound)
        check(bound.floor, floor, "nobody knows whether the sequence has given these")
    }

    @Test("a row that is found in a gap divides it, or takes its end off")
    func divides() {
        var bound = self.unsettled(given: 100)
        self.see([1, 11], &bound)
        self.see([2, 6, 10], &bound)
        check(bound.gaps, [.min...0, 3...5, 7...9])
        self.see([3, 5, 4, 8], &bound)
        check(bound.gaps, [.min...0, 7...7, 9...9])
        self.see([7, 9, 8, 1, 11], &bound)
        check(bound.gaps, [.min...0])
        self.see([.min, 0], &bound)
        check(bound.gaps, [(.min + 1)...(-1)])
        self.see([-5], &bound)
        check(bound.gaps, [(.min + 1)...(-6), -4...(-1)])
    }

    @Test("with too many gaps one is not divided, only made shorter, and before another one the floor stops")
    func tooMany() {
        var bound = self.unsettled(given: .max)
        let count = Int64(ScanBound.mostGaps)
        for index in 0..<count { self.see([10 * index], &bound) }
        check(bound.gaps.count, ScanBound.mostGaps)
        check(bound.saw(5), true, "it stays in its gap")
        check(bound.saw(1), false)
        check(bound.saw(9), false)
        check(bound.gaps[1], 2...8)
        let floor = 10 * count - 10
        self.see([floor + 1, floor + 3, floor + 4], &bound)
        check(bound.floor, floor + 1)
        check(bound.gaps.count, ScanBound.mostGaps)
        bound.scanBegan(isOfAll: true)
        self.see([.min, floor + 2], &bound)
        check(bound.floor, floor + 2)
    }

    @Test("settled ids that a scan has not found are cut off the gaps: as far as the scan came")
    func cut() {
        var bound = self.unsettled(given: 100)
        self.see([10, 20, 30], &bound)
        bound.scanEnded(last: 30)
        check(bound.gaps, [.min...9, 11...19, 21...29])
        bound.horizonSeen(oldest: 99)
        bound.scanEnded(last: 30)
        check(bound.gaps, [.min...9, 11...19, 21...29])
        bound.horizonSeen(oldest: 100)
        bound.scanEnded(last: 5)
        check(bound.gaps, [6...9, 11...19, 21...29])
        bound.scanEnded(last: 19)
        check(bound.gaps, [21...29])
        check(bound.floor, 30)
        bound.scanEnded(last: nil)
        check(bound.gaps, [])
        check(bound.floor, 100)
    }

    @Test("the highest and lowest of all ids overflow nothing")
    func extremes() {
        var bound = self.unsettled(given: .max)
        self.see([.min, .max], &bound)
        check(bound.floor, .max)
        check(bound.gaps, [(.min + 1)...(.max - 1)])
        bound.scanBegan(isOfAll: true)
        self.see([.min, .max], &bound)
        bound.horizonSeen(oldest: 100)
        bound.scanEnded(last: .min)
        check(bound.gaps, [(.min + 1)...(.max - 1)])
        bound.scanEnded(last: .max)
        check(bound.gaps, [])

        bound = self.unsettled(given: 5)
        self.see([.min, .max], &bound)
        check(bound.floor, .min)
        check(bound.gaps, [])
    }

    @Test("after a mark of another sequence, rows of the scan under way have no effect")
    func anotherSequence() {
        var bound = self.unsettled(given: 100)
        self.see([50, 60], &bound)
        bound.scanBegan(isOfAll: true)
        bound.marked(ScanBound.Mark(last: 9, horizon: 110, sequence: 2))
        self.see([1, 2], &bound)
        check(bound.floor, nil)
        check(bound.gaps, [])
        bound.scanBegan(isOfAll: true)
        self.see([2, 3], &bound)
        check(bound.floor, 3)
        check(bound.gaps, [.min...1])
    }
}

/// How long things took, counted in buckets that are the same everywhere: from a tenth of a millisecond to ten seconds.
package struct Histogram: Sendable, Equatable {
    /// Which bounds are written out: each set is a part of the one before.
    package enum Bounds: Int, Sendable {
        case all
        /// A hundredth and a tenth of a second.
        case few
        /// A tenth of a second.
        case one

        /// Those of a family with so many histograms: a scrape of a hundred stays small.
        package init(histograms: Int) {
            switch histograms {
            case ...20: self = .all
            case ...80: self = .few
            default: self = .one
            }
        }
    }

    private struct Bound: Sendable {
        let nanoseconds: Int64
        let text: String
        /// The smallest set that it is in; it is in the larger ones as well.
        let smallest: Bounds

        init(_ nanoseconds: Int64, _ text: String, in smallest: Bounds = .all) {
            self.nanoseconds = nanoseconds
            self.text = text
            self.smallest = smallest
        }
    }

    private static let bounds = [
        Bound(100_000, "0.0001"), Bound(250_000, "0.00025"), Bound(500_000, "0.0005"),
        Bound(1_000_000, "0.001"), Bound(2_500_000, "0.0025"), Bound(5_000_000, "0.005"),
        Bound(10_000_000, "0.01", in: .few), Bound(25_000_000, "0.025"), Bound(50_000_000, "0.05"),
        Bound(100_000_000, "0.1", in: .one), Bound(250_000_000, "0.25"), Bound(500_000_000, "0.5"),
        Bound(1_000_000_000, "1.0"), Bound(2_500_000_000, "2.5"), Bound(5_000_000_000, "5.0"),
        Bound(10_000_000_000, "10.0"),
    ]
    private static let limits = Self.bounds.map(\.nanoseconds)

    /// One more than there are bounds: the last is for what took longer than all of them.
    private var buckets = [Int](repeating: 0, count: Self.limits.count + 1)
    /// Not a whole number: millions of things that took hours are more than one can hold.
    private var nanoseconds = 0.0
    /// How many were counted.
    package private(set) var count = 0

    /// Nothing is counted yet.
    package init() {}

    /// How long all of them took together, in seconds.
    package var sum: Double { self.nanoseconds / 1e9 }

    /// Something took so long.
    package mutating func observe(nanoseconds time: Int64) {
        var index = 0
        while index < Self.limits.count, time > Self.limits[index] { index += 1 }
        self.buckets[index] += 1
        self.nanoseconds += Double(time)
        self.count += 1
    }

    /// Takes over what another one has counted.
    package mutating func add(_ other: Histogram) {
        for index in self.buckets.indices { self.buckets[index] += other.buckets[index] }
        self.nanoseconds += other.nanoseconds
        self.count += other.count
    }

    /// What was counted since an earlier state of it.
    package func since(_ earlier: Histogram) -> Histogram {
        var later = self
        for index in later.buckets.indices { later.buckets[index] -= earlier.buckets[index] }
        later.nanoseconds -= earlier.nanoseconds
        later.count -= earlier.count
        return later
    }

    /// For each bound, as it is written, how many took no longer.
    package func cumulated(at bounds: Bounds) -> [(bound: String, count: Int)] {
        var count = 0
        var cumulated: [(bound: String, count: Int)] = []
        for (bound, bucket) in zip(Self.bounds, self.buckets) {
            count += bucket
            if bound.smallest.rawValue >= bounds.rawValue { cumulated.append((bound.text, count)) }
        }
        return cumulated
    }

    /// Within which time a part of them were done, in seconds, as far as the buckets tell; nil if there were none.
    ///
    /// - Parameter part: 0.99 for all but one in a hundred.
    package func quantile(_ part: Double) -> Double? {
        guard self.count > 0 else { return nil }
        let rank = part * Double(self.count)
        var below = 0
        var lower = 0.0
        for (limit, bucket) in zip(Self.limits, self.buckets) {
            let upper = Double(limit) / 1e9
            if bucket > 0, Double(below + bucket) >= rank {
                return lower + (upper - lower) * max(rank - Double(below), 0) / Double(bucket)
            }
            below += bucket
            lower = upper
        }
        return lower
    }
}

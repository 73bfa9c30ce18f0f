/// Counts durations in buckets that are less than one percent wide, so that percentiles of millions of calls take
/// constant memory, and recording one takes a few instructions.
struct Histogram {
    private static let subBucketBits = 7
    private var counts = [UInt32](
        repeating: 0, count: (64 - subBucketBits) << (subBucketBits - 1) + (1 << subBucketBits))

    /// How many durations were recorded.
    private(set) var count = 0

    /// Records one duration, in nanoseconds.
    mutating func record(_ nanoseconds: UInt64) {
        let bucket = Self.bucket(of: nanoseconds)
        guard bucket < counts.count else { return }
        counts[bucket] &+= 1
        count += 1
    }

    /// The duration in nanoseconds that `share` (0...1) of the recorded ones do not exceed; zero if none was recorded.
    func percentile(_ share: Double) -> UInt64 {
        let wanted = max(1, Int((Double(count) * share).rounded(.up)))
        var seen = 0
        for (bucket, count) in counts.enumerated() where count > 0 {
            seen += Int(count)
            if seen >= wanted { return Self.middle(of: bucket) }
        }
        return 0
    }

    private static func bucket(of value: UInt64) -> Int {
        let magnitude = 64 - value.leadingZeroBitCount
        let shift = max(0, magnitude - subBucketBits)
        return shift << (subBucketBits - 1) + Int(value >> UInt64(shift))
    }

    private static func middle(of bucket: Int) -> UInt64 {
        let half = 1 << (subBucketBits - 1)
        guard bucket >= 2 * half else { return UInt64(bucket) }
        let shift = bucket / half - 1
        let low = UInt64(bucket - shift * half) << UInt64(shift)
        return low + (1 << UInt64(shift)) / 2
    }
}

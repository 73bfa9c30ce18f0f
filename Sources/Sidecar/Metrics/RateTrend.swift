import NIOCore

/// How fast something happens of late: the rate of each interval between two looks at its count, the last ones of them.
struct RateTrend {
    private let most: Int
    private var last: (count: Int, time: NIODeadline)?
    /// A second, the oldest first.
    private(set) var rates: [Double] = []

    /// - Parameter most: how many intervals are kept.
    init(most: Int) {
        self.most = most
    }

    /// So many have happened by now. The first look is what the next one is compared with.
    mutating func look(_ count: Int, at now: NIODeadline) {
        if let last = self.last {
            guard now > last.time else { return }
            if self.rates.count >= self.most { self.rates.removeFirst() }
            let seconds = Double((now - last.time).nanoseconds) / 1e9
            self.rates.append(Double(max(count - last.count, 0)) / seconds)
        }
        self.last = (count, now)
    }

    /// The rate of all intervals together, which are about equally long.
    var mean: Double {
        self.rates.isEmpty ? 0 : self.rates.reduce(0, +) / Double(self.rates.count)
    }
}

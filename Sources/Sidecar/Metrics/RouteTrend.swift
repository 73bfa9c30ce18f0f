import NIOCore
import Names

/// How one route does of late, from looks at what is counted of it, one each ``LoadTrend/interval``.
///
/// A slot counts since the process began; after weeks that says nothing of this minute.
struct RouteTrend {
    /// How many looks the rate goes back: a minute.
    static let looksOfRate = 12
    /// After how many looks durations are forgotten, at the earliest: five minutes.
    static let looksOfDurations = 60

    private static let none = Histogram()

    private var rate = RateTrend(most: Self.looksOfRate)
    private var looks = 0
    /// The durations at the end of the last period and of the one before. Until something is counted they share their
    /// memory with the slot's.
    private var (last, beforeLast) = (Self.none, Self.none)

    /// So much has been counted by now.
    mutating func look(_ count: Int, _ durations: Histogram, at now: NIODeadline) {
        self.rate.look(count, at: now)
        self.looks += 1
        guard self.looks >= Self.looksOfDurations else { return }
        self.looks = 0
        (self.beforeLast, self.last) = (self.last, durations)
    }

    /// A second, in the last minute.
    var perSecond: Double { self.rate.mean }

    /// What was counted of these durations in the last five to ten minutes.
    func recent(_ durations: Histogram) -> Histogram { durations.since(self.beforeLast) }
}

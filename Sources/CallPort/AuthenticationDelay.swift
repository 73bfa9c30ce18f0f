import NIOCore

/// How long a client with the wrong password waits for the answer: longer while there are many such.
///
/// The first ones get theirs within the two seconds that dblink is patient, so that a wrong password in the database is
/// told as such.
struct AuthenticationDelay {
    private static let least = TimeAmount.seconds(1)
    private static let greatest = TimeAmount.seconds(8)
    /// So many get their answer after the least delay.
    private static let unsuspicious = 5
    /// After so long without a failure it begins again.
    private static let memory = TimeAmount.seconds(60)

    /// Failures since the start.
    private(set) var total = 0
    private var recent = 0
    private var last: NIODeadline?

    /// Somebody failed: how long the answer waits.
    mutating func failed(at now: NIODeadline) -> TimeAmount {
        if let last, now - last > Self.memory { self.recent = 0 }
        self.last = now
        self.total += 1
        self.recent += 1
        let doublings = min(max(self.recent - Self.unsuspicious, 0), 3)
        return min(.nanoseconds(Self.least.nanoseconds << Int64(doublings)), Self.greatest)
    }
}

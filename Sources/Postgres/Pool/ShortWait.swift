internal import NIOCore

/// Whether waiting for an answer without going to sleep is worth it, by how long the last answers took.
///
/// A bit for each of the last 64 answers, so that one that was held up by something else does not count for much.
struct ShortWait {
    /// How long to wait, at most. An answer that takes longer costs less by being woken for it.
    static let patience = TimeAmount.microseconds(100)
    /// So many of the last 64 answers have to have come in that time.
    static let least = 40

    private var recent: UInt64 = 0

    /// An answer took this long.
    mutating func record(_ ran: TimeAmount) {
        self.recent = self.recent << 1 | (ran < Self.patience ? 1 : 0)
    }

    var isWorthwhile: Bool { self.recent.nonzeroBitCount >= Self.least }
}

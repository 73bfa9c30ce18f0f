internal import NIOCore

/// Whether it pays to wait for an answer without sleeping, by the time that the last answers took.
///
/// A bit for each of the last 64 answers, so that a single delayed one does not count for much.
struct ShortWait {
    /// The longest wait. For an answer that takes longer, sleeping costs less.
    static let patience = TimeAmount.microseconds(100)
    /// The number of the last 64 answers that must have come in that time.
    static let least = 40

    private var recent: UInt64 = 0

    /// An answer took this long.
    mutating func record(_ ran: TimeAmount) {
        self.recent = self.recent << 1 | (ran < Self.patience ? 1 : 0)
    }

    var isWorthwhile: Bool { self.recent.nonzeroBitCount >= Self.least }
}

package import NIOCore

/// Whether a procedure has recently been fast: the 99th percentile of its last 128 runs is under 5 ms.
///
/// A bit for each run, so that looking and recording cost a few instructions on the hot path.
package struct LatencyWindow: Sendable {
    /// A run that takes this long is slow.
    package static let slow = TimeAmount.milliseconds(5)
    /// With fewer runs than this nothing is known, and unknown counts as slow.
    package static let least = 20

    private var recent: UInt64 = 0
    private var older: UInt64 = 0
    private var count = 0

    package init() {}

    /// One more run has ended.
    package mutating func record(_ ran: TimeAmount) {
        self.older = self.older << 1 | self.recent >> 63
        self.recent = self.recent << 1 | (ran >= Self.slow ? 1 : 0)
        if self.count < 128 { self.count += 1 }
    }

    /// Whether at least 99 of 100 recent runs were fast, and there were enough runs.
    package var isFast: Bool {
        guard self.count >= Self.least else { return false }
        return (self.recent.nonzeroBitCount + self.older.nonzeroBitCount) * 100 <= self.count
    }
}

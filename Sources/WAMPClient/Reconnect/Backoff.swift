package import NIOCore

/// The wait before the next attempt: doubling bounds with full jitter, as pure functions.
///
/// Full jitter (any time from zero to the bound) is the best way to spread the clients of a router that comes back.
package struct Backoff: Sendable, Equatable {
    /// The bound of the first wait.
    package var base: TimeAmount
    /// The greatest bound.
    package var greatest: TimeAmount

    /// Bounds of `base`, doubled with each failure, up to `greatest`.
    package init(base: TimeAmount = .milliseconds(100), greatest: TimeAmount = .seconds(32)) {
        self.base = base
        self.greatest = greatest
    }

    /// The longest wait after that many failures in a row; the first failure is number 1.
    package func bound(failures: Int) -> TimeAmount {
        // Beyond 2^32 times the base every bound exceeds the greatest; the shift must not overflow.
        let doublings = min(max(failures, 1) - 1, 32)
        let (product, overflow) = self.base.nanoseconds.multipliedReportingOverflow(by: Int64(1) << Int64(doublings))
        return overflow ? self.greatest : min(.nanoseconds(product), self.greatest)
    }

    /// A wait with full jitter.
    ///
    /// - Parameter random: a number from 0 to 1, uniformly distributed. Any other number is replaced by the nearer of
    ///   the two.
    package func delay(failures: Int, random: Double) -> TimeAmount {
        Self.between(.zero, self.bound(failures: failures), random: random)
    }

    /// A time from one to the other, inclusive.
    package static func between(_ least: TimeAmount, _ greatest: TimeAmount, random: Double) -> TimeAmount {
        let share = min(max(random.isNaN ? 1 : random, 0), 1)
        let span = Double(max(greatest.nanoseconds &- least.nanoseconds, 0)) * share
        return .nanoseconds(least.nanoseconds &+ Int64(span))
    }
}

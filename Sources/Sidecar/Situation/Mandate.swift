import NIOCore

/// The leader's right to do the work that must happen once, which lapses unless the lease is proven again and again. On
/// the event loop.
///
/// A process that was stopped for a while handles its sockets before its timers: so whoever takes up such work checks
/// first. A comparison of two numbers is all that it costs.
final class Mandate {
    /// Until when no other sidecar can have the lease. In the distant future while there is nothing to lapse.
    private var end = NIODeadline.distantFuture
    private(set) var isInForce = false
    /// Called when it lapses.
    var lapsed: () -> Void = {}

    /// Such work is to be taken up.
    func check(at now: NIODeadline) {
        if now >= self.end { self.lapse() }
    }

    /// The lease is this sidecar's at least until then, which may be over by now.
    func prove(until end: NIODeadline, at now: NIODeadline) {
        guard now < end else { return }
        self.end = end
        self.isInForce = true
    }

    /// This sidecar does not lead any more.
    func giveUp() {
        self.end = .distantFuture
        self.isInForce = false
    }

    private func lapse() {
        self.giveUp()
        self.lapsed()
    }
}

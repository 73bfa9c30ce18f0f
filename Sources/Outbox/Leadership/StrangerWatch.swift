import NIOCore

/// The sessions of other roles at the former lock of leaders: each is reported once, for as long as it stays.
///
/// Any role can lock it. That has no effect, but somebody has a reason to do so.
struct StrangerWatch {
    /// The interval of the checks.
    static let interval = TimeAmount.seconds(60)

    private var lastLook: NIODeadline = .distantPast
    private var known: Set<Stranger> = []

    /// Whether to check now.
    mutating func isDue(at now: NIODeadline) -> Bool {
        guard now - self.lastLook >= Self.interval else { return false }
        self.lastLook = now
        return true
    }

    /// These are there. Returns those that were not there at the last check.
    mutating func found(_ strangers: [Stranger]) -> [Stranger] {
        defer { self.known = Set(strangers) }
        return strangers.filter { !self.known.contains($0) }
    }
}

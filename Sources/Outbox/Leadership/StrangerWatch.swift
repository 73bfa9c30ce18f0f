import NIOCore

/// Which sessions of other roles are at the lock that used to be the leader's: each is reported once, for as long as it
/// stays.
///
/// Anybody can lock it. It costs nothing, but somebody means something by it.
struct StrangerWatch {
    /// How often it is looked for them.
    static let interval = TimeAmount.seconds(60)

    private var lastLook: NIODeadline = .distantPast
    private var known: Set<Stranger> = []

    /// Whether it is looked for them now.
    mutating func isDue(at now: NIODeadline) -> Bool {
        guard now - self.lastLook >= Self.interval else { return false }
        self.lastLook = now
        return true
    }

    /// These are there. Returns those that were not when it was last looked.
    mutating func found(_ strangers: [Stranger]) -> [Stranger] {
        defer { self.known = Set(strangers) }
        return strangers.filter { !self.known.contains($0) }
    }
}

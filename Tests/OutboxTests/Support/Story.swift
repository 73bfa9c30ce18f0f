/// What a driver has done, in order.
final class Story {
    private var seen: [String] = []

    func add(_ deed: String) {
        self.seen.append(deed)
    }

    /// The deeds since the last call.
    func news() -> [String] {
        defer { self.seen = [] }
        return self.seen
    }
}

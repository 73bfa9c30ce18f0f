import NIOCore

/// Whether the event loop was late for what it had to do: meanwhile nothing worked.
struct LoopLateness: Equatable {
    /// So much is not worth a word.
    static let tolerance = TimeAmount.seconds(1)
    /// For how long it is remembered.
    static let memory = TimeAmount.seconds(10)

    /// By how much it was late when that was last measured.
    private(set) var last = TimeAmount.zero
    private var lastLate: NIODeadline?

    /// Something that was to be done at `due` is done.
    mutating func measured(due: NIODeadline, at now: NIODeadline) {
        self.last = now > due ? now - due : .zero
        if self.last > Self.tolerance { self.lastLate = now }
    }

    /// Whether it was late lately.
    func isLate(at now: NIODeadline) -> Bool {
        self.lastLate.map { now - $0 < Self.memory } ?? false
    }
}

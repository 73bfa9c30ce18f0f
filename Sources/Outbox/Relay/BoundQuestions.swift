import NIOCore

/// When the database is queried to move ``ScanBound``, and for the transaction that prevents that.
struct BoundQuestions {
    /// The interval at which the bound is moved while there is work.
    static let markInterval = TimeAmount.milliseconds(100)
    /// If a transaction has prevented that for so long, the database is queried for it, at the same interval.
    static let holderInterval = TimeAmount.minutes(1)

    private enum Mark {
        case seen
        case awaited
    }

    private var mark = Mark.seen
    private var lastMark: NIODeadline = .distantPast
    private var lastHolderQuestion: NIODeadline = .distantPast
    /// Since when marks wait to be settled.
    private var heldBackSince: NIODeadline?

    /// Whether to request a mark now.
    ///
    /// - Parameter isUseful: whether one would move the bound.
    mutating func asksForMark(isUseful: Bool, at now: NIODeadline) -> Bool {
        switch self.mark {
        case .seen where isUseful && now - self.lastMark >= Self.markInterval:
            self.mark = .awaited
            self.lastMark = now
            return true
        case .seen, .awaited:
            return false
        }
    }

    /// Whether to query now for the transaction that prevents the bound from moving.
    mutating func asksForHolder(at now: NIODeadline) -> Bool {
        guard let since = self.heldBackSince, now - since >= Self.holderInterval,
            now - self.lastHolderQuestion >= Self.holderInterval
        else { return false }
        self.lastHolderQuestion = now
        return true
    }

    /// A mark has come.
    ///
    /// - Parameter isFirst: no other waits to be settled.
    mutating func marked(isFirst: Bool, at now: NIODeadline) {
        self.mark = .seen
        if isFirst { self.heldBackSince = now }
    }

    /// Marks wait to be settled, from now on.
    mutating func boundMoved(at now: NIODeadline) {
        self.heldBackSince = now
    }

    /// No mark waits to be settled.
    mutating func nothingWaits() {
        self.heldBackSince = nil
    }
}

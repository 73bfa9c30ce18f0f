import NIOCore

/// When the database is asked for what moves ``ScanBound``, and which transaction keeps it where it is.
struct BoundQuestions {
    /// How often the bound is moved while there is work.
    static let markInterval = TimeAmount.milliseconds(100)
    /// A bound that a transaction has kept where it is for so long is worth the question which one that is, as often.
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

    /// Whether a mark is asked for now.
    ///
    /// - Parameter isUseful: one would move the bound.
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

    /// Whether it is asked now which transaction keeps the bound where it is.
    mutating func asksForHolder(at now: NIODeadline) -> Bool {
        guard let since = self.heldBackSince, now - since >= Self.holderInterval,
            now - self.lastHolderQuestion >= Self.holderInterval
        else { return false }
        self.lastHolderQuestion = now
        return true
    }

    /// A mark is in.
    ///
    /// - Parameter isFirst: no other waits to be settled.
    mutating func marked(isFirst: Bool, at now: NIODeadline) {
        self.mark = .seen
        if isFirst { self.heldBackSince = now }
    }

    /// Marks wait to be settled, from here on.
    mutating func boundMoved(at now: NIODeadline) {
        self.heldBackSince = now
    }

    /// No mark waits to be settled.
    mutating func nothingWaits() {
        self.heldBackSince = nil
    }
}

/// Whether results are read, whether what was sent has left, and what the socket is watched for.
struct FlowStateMachine: ~Copyable {
    private enum Reading {
        case open
        /// Nothing is read: what would come of it has nowhere to go.
        case held
        /// What runs is of no use any more: it is read to its end, whatever comes of it.
        case draining(isHeldAfterwards: Bool)
    }

    private enum Turn {
        case none
        case reading
        /// Reading was allowed again from within the turn: what a row became may have been taken by the router at once.
        case readingOn
    }

    private enum Writing {
        case done
        /// Something has to be flushed.
        case pending
        /// A report was asked for when the socket takes more.
        case armed(isPending: Bool)
    }

    /// What the driver does when reading may go on.
    enum Action: Equatable {
        case none
        /// It begins to read now.
        case read
        /// It is reading already, and goes on.
        case readOn
    }

    private var reading = Reading.open
    private var turn = Turn.none
    private var writing = Writing.done

    /// Whether nothing is read.
    var isHeld: Bool {
        switch self.reading {
        case .held: true
        case .open, .draining: false
        }
    }

    /// Whether everything that was sent has left, and nothing is waited for but an answer.
    var hasNothingToSend: Bool {
        switch self.writing {
        case .done: true
        case .pending, .armed: false
        }
    }

    // MARK: - Reading

    /// Nothing is read after what has been read.
    mutating func pause() {
        switch self.reading {
        case .open, .held: self.reading = .held
        case .draining: self.reading = .draining(isHeldAfterwards: true)
        }
    }

    mutating func resume() -> Action {
        switch self.reading {
        case .held:
            self.reading = .open
            return self.readOn()
        case .draining(isHeldAfterwards: true):
            self.reading = .draining(isHeldAfterwards: false)
            return self.readOn()
        case .open, .draining(isHeldAfterwards: false):
            return .none
        }
    }

    /// What runs is read to its end, even if paused.
    mutating func drain() -> Action {
        switch self.reading {
        case .held:
            self.reading = .draining(isHeldAfterwards: true)
            return self.readOn()
        case .open:
            self.reading = .draining(isHeldAfterwards: false)
            return .none
        case .draining:
            return .none
        }
    }

    /// What ran has ended.
    mutating func segmentEnded() {
        switch self.reading {
        case .draining(let isHeldAfterwards): self.reading = isHeldAfterwards ? .held : .open
        case .open, .held: break
        }
    }

    /// A report may have come and gone while nothing was read.
    private mutating func readOn() -> Action {
        self.disarm()
        switch self.turn {
        case .none:
            return .read
        case .reading, .readingOn:
            self.turn = .readingOn
            return .readOn
        }
    }

    // MARK: - The socket

    /// The socket is ready.
    ///
    /// - Returns: whether it is read.
    mutating func socketIsReady() -> Bool {
        guard !self.isHeld else { return false }
        self.disarm()
        return true
    }

    mutating func turnBegan() {
        self.turn = .reading
    }

    /// All that was there has been read.
    ///
    /// - Returns: whether to read once more in this turn.
    mutating func hasRead() -> Bool {
        switch self.turn {
        case .none, .reading:
            return false
        case .readingOn:
            self.turn = .reading
            return true
        }
    }

    mutating func turnEnded() {
        self.turn = .none
    }

    /// Whether a report of the socket has to be asked for at the end of a turn.
    var mustArm: Bool {
        guard !self.isHeld else { return false }
        switch self.writing {
        case .done, .pending: return true
        case .armed: return false
        }
    }

    /// A report was asked for.
    mutating func armed(forWriting: Bool) {
        self.writing = forWriting ? .armed(isPending: self.isPending) : self.isPending ? .pending : .done
    }

    private mutating func disarm() {
        self.armed(forWriting: false)
    }

    // MARK: - Writing

    /// Whether something has to be flushed, whether or not that can be done now.
    var isPending: Bool {
        switch self.writing {
        case .done: false
        case .pending: true
        case .armed(let isPending): isPending
        }
    }

    /// Something was sent that has not left.
    mutating func sent() {
        switch self.writing {
        case .done, .pending: self.writing = .pending
        case .armed: self.writing = .armed(isPending: true)
        }
    }

    /// Everything has left.
    mutating func flushed() {
        switch self.writing {
        case .done, .pending: self.writing = .done
        case .armed: self.writing = .armed(isPending: false)
        }
    }
}

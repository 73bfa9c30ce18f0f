/// Whether results are read, whether libpq's buffer has been sent, and which readiness of the socket is watched.
struct FlowStateMachine: ~Copyable {
    private enum Reading {
        case open
        /// Nothing is read: there is no room for the results.
        case held
        /// The results of the running work are of no use any more: they are read to their end.
        case draining(isHeldAfterwards: Bool)
    }

    private enum Turn {
        case none
        case reading
        /// Reading was allowed again within the same turn: the router may have accepted a row at once.
        case readingOn
    }

    private enum Writing {
        case done
        /// Something has to be flushed.
        case pending
        /// A report of the socket's writability was requested.
        case armed(isPending: Bool)
    }

    /// The driver's task when reading may continue.
    enum Action: Equatable {
        case none
        /// It begins to read now.
        case read
        /// It reads already, and continues.
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

    /// Whether all was sent, and only an answer is awaited.
    var hasNothingToSend: Bool {
        switch self.writing {
        case .done: true
        case .pending, .armed: false
        }
    }

    // MARK: - Reading

    /// Nothing more is read after the present results.
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

    /// The running work is read to its end, even if paused.
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

    /// The running work has ended.
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

    /// All available results have been read.
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

    /// Whether a report of the socket must be requested at the end of a turn.
    var mustArm: Bool {
        guard !self.isHeld else { return false }
        switch self.writing {
        case .done, .pending: return true
        case .armed: return false
        }
    }

    /// A report was requested.
    mutating func armed(forWriting: Bool) {
        self.writing = forWriting ? .armed(isPending: self.isPending) : self.isPending ? .pending : .done
    }

    private mutating func disarm() {
        self.armed(forWriting: false)
    }

    // MARK: - Writing

    /// Whether something must be flushed, possible now or not.
    var isPending: Bool {
        switch self.writing {
        case .done: false
        case .pending: true
        case .armed(let isPending): isPending
        }
    }

    /// Something was put into libpq's buffer that has not been sent.
    mutating func sent() {
        switch self.writing {
        case .done, .pending: self.writing = .pending
        case .armed: self.writing = .armed(isPending: true)
        }
    }

    /// Everything has been sent.
    mutating func flushed() {
        switch self.writing {
        case .done, .pending: self.writing = .done
        case .armed: self.writing = .armed(isPending: false)
        }
    }
}

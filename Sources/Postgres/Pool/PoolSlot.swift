internal import DequeModule

/// The place of one connection of a pool, and what is under way there.
struct PoolSlot {
    /// One unit of work there.
    struct UnderWay {
        let lane: Int
        let isSlow: Bool
        let claim: Claim
    }

    /// Whether there is a connection, and whether it gets work.
    enum State {
        case absent
        case open
        /// Nothing is sent until a cancel has done its work.
        case blocked
        /// Nothing is sent any more.
        case retiring
    }

    var state = State.absent
    var underWay = Deque<UnderWay>()
    /// How much of that has been slow.
    var slow = 0
    /// The lanes that have work under way here, and how much.
    var lanes: [(lane: Int, count: Int)] = []
    /// The running work waits for something outside of the database.
    var isSuspended = false

    /// Whether a lane has work under way here.
    func holds(_ lane: Int) -> Bool {
        self.lanes.contains { $0.lane == lane }
    }

    /// What a connection is good for, the best first.
    enum Use: Comparable {
        case idle
        case busy
        case absent
        /// To one that may keep it for long.
        case lent
        case suspended
    }

    /// What it is good for now.
    var use: Use {
        if self.isSuspended { return .suspended }
        switch self.underWay.first?.claim {
        case .lease, .stream: return .lent
        case .shared, .exclusive, nil: break
        }
        return switch self.state {
        case .absent, .retiring: .absent
        case .open where self.underWay.isEmpty: .idle
        case .open, .blocked: .busy
        }
    }
}

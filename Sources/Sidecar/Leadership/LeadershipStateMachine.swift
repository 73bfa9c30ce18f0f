import NIOCore

/// Which of several sidecars on one database leads: the one whose session holds the leader's lock and that is joined to a router.
///
/// Told of both sides and of the time, once a second; says what to ask the database. A lock is never waited for in the server: a waiting
/// statement would hold a snapshot, and with it vacuum.
struct LeadershipStateMachine: ~Copyable {
    /// How old the leader's stamp may be before its session is ended for it.
    static let greatestAge = 15.0
    /// How often the leader stamps.
    static let stampInterval = TimeAmount.seconds(5)
    /// How long the leader may be without a router before it lets go.
    static let routerPatience = TimeAmount.seconds(5)

    private enum State {
        /// Without a session at the database.
        case absent
        /// In a session, not leading.
        case following
        /// The lock has been asked for.
        case asking
        /// Somebody else holds the lock: it is asked who.
        case looking
        case leading(since: NIODeadline)
        case stopped
    }

    enum Action: Equatable {
        case none
        case tryLock
        case readHolder
        /// End the backend with this process id if it still holds the lock: its sidecar does not answer for it any more.
        case terminate(Int32)
        case lead
        case stamp
        /// Give the lock back: leading has ended.
        case release
    }

    private var state = State.absent
    private var isJoined = false
    private var leftSince: NIODeadline?
    private var lastStamp: NIODeadline = .distantPast
    /// Until when leading is left to others.
    private var givesWayUntil: NIODeadline?

    /// Whether this sidecar leads.
    var isLeading: Bool {
        switch self.state {
        case .leading: true
        case .absent, .following, .asking, .looking, .stopped: false
        }
    }

    /// There is a session, and the interface in it is known.
    mutating func sessionOpened() -> Action {
        switch self.state {
        case .absent, .following, .asking, .looking, .leading:
            self.state = .following
            return self.ask()
        case .stopped:
            return .none
        }
    }

    /// The session is gone, and with it the lock. Returns whether leading has ended.
    mutating func sessionLost() -> Bool {
        switch self.state {
        case .leading:
            self.state = .absent
            return true
        case .absent, .following, .asking, .looking:
            self.state = .absent
            return false
        case .stopped:
            return false
        }
    }

    mutating func joined() -> Action {
        self.isJoined = true
        self.leftSince = nil
        return self.ask()
    }

    mutating func left(at now: NIODeadline) {
        self.isJoined = false
        self.leftSince = now
    }

    mutating func lockAnswered(_ isOurs: Bool, at now: NIODeadline) -> Action {
        switch self.state {
        case .asking where isOurs && !self.isJoined:
            self.state = .following
            return .release
        case .asking where isOurs:
            self.state = .leading(since: now)
            self.lastStamp = now
            return .lead
        case .asking:
            self.state = .looking
            return .readHolder
        case .absent, .following, .looking, .leading, .stopped:
            return .none
        }
    }

    /// - Parameters:
    ///   - pid: the backend that holds the lock; nil if it is free by now.
    ///   - age: of its stamp, in seconds; nil if it has none.
    mutating func holderSeen(pid: Int32?, age: Double?) -> Action {
        switch self.state {
        case .looking:
            self.state = .following
            guard let pid, let age, age >= Self.greatestAge else { return .none }
            return .terminate(pid)
        case .absent, .following, .asking, .leading, .stopped:
            return .none
        }
    }

    /// Another sidecar waits that may do better: leading is left to it until then.
    mutating func giveWay(until deadline: NIODeadline) -> Action {
        guard self.isLeading else { return .none }
        self.givesWayUntil = deadline
        self.state = .following
        return .release
    }

    /// A second has gone by.
    mutating func ticked(at now: NIODeadline) -> Action {
        if let deadline = self.givesWayUntil, deadline <= now { self.givesWayUntil = nil }
        switch self.state {
        case .following:
            return self.ask()
        case .leading:
            if let leftSince = self.leftSince, now - leftSince >= Self.routerPatience {
                self.state = .following
                return .release
            }
            guard now - self.lastStamp >= Self.stampInterval else { return .none }
            self.lastStamp = now
            return .stamp
        case .absent, .asking, .looking, .stopped:
            return .none
        }
    }

    /// Returns whether the lock has to be given back.
    mutating func stop() -> Bool {
        let isLeading = self.isLeading
        self.state = .stopped
        return isLeading
    }

    private mutating func ask() -> Action {
        switch self.state {
        case .following where self.isJoined && self.givesWayUntil == nil:
            self.state = .asking
            return .tryLock
        case .absent, .following, .asking, .looking, .leading, .stopped:
            return .none
        }
    }
}

import NIOCore

/// Which of several sidecars on one database leads: the one whose session has the lease and that is joined to a router.
///
/// Told of both sides and of the time, once a second; says what to ask the database. The lease is never waited for in the server: a waiting
/// statement would hold a snapshot, and with it vacuum.
struct LeadershipStateMachine: ~Copyable {
    /// How old the leader's stamp may be before its session is ended for it.
    static let greatestAge = 15.0
    /// How often the leader stamps.
    static let stampInterval = TimeAmount.seconds(3)
    /// How long the leader goes on without an answer to a stamp: less than the server, or a standby, takes to end its session.
    static let stampPatience = TimeAmount.seconds(9)
    /// How long the leader may be without a router before it lets go.
    static let routerPatience = TimeAmount.seconds(5)

    private enum State {
        /// Without a session at the database.
        case absent
        /// In a session, not leading.
        case following
        /// The lease has been asked for.
        case asking
        /// With the moment at which the last stamp that was answered was sent.
        case leading(confirmed: NIODeadline)
        case stopped
    }

    enum Action: Equatable {
        case none
        /// Take the lease, or find out who has it.
        case take
        /// End the backend with this process id if it still leads: its sidecar does not answer for it any more.
        case terminate(Int32)
        case lead
        case stamp
        /// Give the lease back: leading has ended.
        case release
        /// End the session: it can't be known whether it still has the lease.
        case abandon
    }

    /// What came of asking for the lease.
    enum Answer: Equatable {
        case taken
        /// Another session has it: nil if it was not seen which. The age is that of its stamp in seconds; nil if it has none.
        case held(by: Int32?, age: Double?)
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
        case .absent, .following, .asking, .stopped: false
        }
    }

    /// There is a session, and the interface in it is known.
    mutating func sessionOpened() -> Action {
        switch self.state {
        case .absent, .following, .asking, .leading:
            self.state = .following
            return self.ask()
        case .stopped:
            return .none
        }
    }

    /// The session is gone, and with it the lease. Returns whether leading has ended.
    mutating func sessionLost() -> Bool {
        switch self.state {
        case .leading:
            self.state = .absent
            return true
        case .absent, .following, .asking:
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

    mutating func answered(_ answer: Answer, at now: NIODeadline) -> Action {
        switch self.state {
        case .asking:
            self.state = .following
            switch answer {
            case .taken where !self.isJoined:
                return .release
            case .taken:
                self.state = .leading(confirmed: now)
                self.lastStamp = now
                return .lead
            case .held(let pid?, let age?) where age >= Self.greatestAge:
                return .terminate(pid)
            case .held:
                return .none
            }
        case .absent, .following, .leading, .stopped:
            return .none
        }
    }

    /// The database has taken a stamp that was sent at that moment.
    mutating func stamped(sentAt sent: NIODeadline) {
        switch self.state {
        case .leading(let confirmed):
            self.state = .leading(confirmed: max(confirmed, sent))
        case .absent, .following, .asking, .stopped:
            break
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
        case .leading(let confirmed):
            if let leftSince = self.leftSince, now - leftSince >= Self.routerPatience {
                self.state = .following
                return .release
            }
            if now - confirmed >= Self.stampPatience { return .abandon }
            guard now - self.lastStamp >= Self.stampInterval else { return .none }
            self.lastStamp = now
            return .stamp
        case .absent, .asking, .stopped:
            return .none
        }
    }

    /// Returns whether leading has ended.
    mutating func stop() -> Bool {
        let isLeading = self.isLeading
        self.state = .stopped
        return isLeading
    }

    private mutating func ask() -> Action {
        switch self.state {
        case .following where self.isJoined && self.givesWayUntil == nil:
            self.state = .asking
            return .take
        case .absent, .following, .asking, .leading, .stopped:
            return .none
        }
    }
}

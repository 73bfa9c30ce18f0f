import NIOCore

/// Which of several sidecars on one database leads: the one whose session has the lease and that is joined to a router.
///
/// It gets the events of both sides, and the time, once a second; it returns the queries for the database. It never
/// waits for the lease in the server: a waiting statement would hold a snapshot, and so hold vacuum back.
///
/// A sidecar that wants the lease first checks whether another session has a *mark*: that is the only query of a
/// standby each second. If none has, it sets its own mark, and checks again. Two may do so at once: each checks again
/// when it has its mark, so at least one of them sees the other. Answers that do not fit the state are dropped: they
/// belong to a session that is lost.
///
/// The mark of a leader that gives no sign of life does not count once its session was asked to end: a backend that
/// hangs does not end, and keeps its mark. Then the lease alone decides.
struct LeadershipStateMachine: ~Copyable {
    /// The age of the leader's stamp at which its session is ended.
    static let greatestAge = 15.0
    /// The interval of the leader's stamps.
    static let stampInterval = TimeAmount.seconds(3)
    /// How long the leader continues without an answer to a stamp: less than the server, or a standby, takes to end its
    /// session.
    static let stampPatience = TimeAmount.seconds(9)
    /// How long the leader may be without a router before it returns the lease.
    static let routerPatience = TimeAmount.seconds(5)

    /// The progress of the request for the lease, with the key of the mark.
    private enum Request {
        case looking
        case marking(Int32)
        case lookingAgain(Int32)
        case taking(Int32)
    }

    private struct Lead {
        /// The key of the mark.
        let mark: Int32
        /// When the last answered stamp was sent.
        var confirmed: NIODeadline
        /// When that was sent by which the database has last shown that this session has the lease.
        var proven: NIODeadline
        var lastStamp: NIODeadline
    }

    private enum State {
        /// Without a session in the database.
        case absent
        /// In a session, not leading.
        case following
        /// The lease is requested.
        case asking(Request)
        case leading(Lead)
        case stopped
    }

    private enum Router {
        case awaited
        case joined
        case left(since: NIODeadline)
    }

    private var state = State.absent
    private var router = Router.awaited
    /// Whether the database has a lease, or only marks.
    private var hasLease = false
    /// Until when this sidecar leaves the lead to others.
    private var givesWayUntil: NIODeadline?
    /// The last known leader.
    private var lastHolder: LeaderHolder?
    /// Since when it has been seen without a stamp.
    private var unstampedSince: NIODeadline?
    /// The backend that was asked to end, while it gives no sign of life.
    private var terminated: Int32?
    /// The backend of the present session.
    private var backend: Int32?
    /// The session in which this sidecar led last, and when it was lost: its backend may still be there.
    private var formerLead: (backend: Int32, lost: NIODeadline)?
    private var strangers = StrangerWatch()

    /// The known leader.
    private(set) var role = Leadership.Role.unknown
    /// Whether other sidecars stood by at the last check.
    private(set) var hasStandbys = false

    /// Whether this sidecar leads.
    var isLeading: Bool {
        switch self.state {
        case .leading: true
        case .absent, .following, .asking, .stopped: false
        }
    }

    private var isJoined: Bool {
        switch self.router {
        case .joined: true
        case .awaited, .left: false
        }
    }

    // MARK: - Both sides

    /// There is a session, and the state of the interface in it is known.
    ///
    /// - Parameters:
    ///   - backend: the process id of its backend.
    ///   - hasLease: whether there is a lease; otherwise only marks show who leads.
    mutating func sessionOpened(backend: Int32, hasLease: Bool) -> AskAction {
        switch self.state {
        case .absent, .following, .asking, .leading:
            self.backend = backend
            self.hasLease = hasLease
            self.state = .following
            return self.ask()
        case .stopped:
            return .nothing
        }
    }

    /// The session is lost, and with it the lease.
    mutating func sessionLost(at now: NIODeadline) -> LossAction {
        switch self.state {
        case .leading:
            self.state = .absent
            self.formerLead = self.backend.map { ($0, now) }
            self.role = .unknown
            return .leadIsLost
        case .absent, .following, .asking:
            self.state = .absent
            return .nothing
        case .stopped:
            return .nothing
        }
    }

    mutating func joined() -> AskAction {
        self.router = .joined
        return self.ask()
    }

    mutating func left(at now: NIODeadline) {
        self.router = .left(since: now)
    }

    /// Another sidecar waits that may do better: the lead is left to it until then.
    mutating func giveWay(until deadline: NIODeadline) -> GiveWayAction {
        switch self.state {
        case .leading(let lead):
            self.givesWayUntil = deadline
            return .release(self.release(mark: lead.mark))
        case .absent, .following, .asking, .stopped:
            return .nothing
        }
    }

    mutating func stop() -> StopAction {
        let isLeading = self.isLeading
        self.state = .stopped
        guard isLeading else { return .nothing }
        self.role = .unknown
        return .handOver
    }

    // MARK: - Requesting the lease

    private mutating func ask() -> AskAction {
        switch self.state {
        case .following where self.isJoined && self.givesWayUntil == nil:
            self.state = .asking(.looking)
            return .look
        case .absent, .following, .asking, .leading, .stopped:
            return .nothing
        }
    }

    /// The check whether another session has a mark is done.
    ///
    /// - Parameter key: a random number, for a mark of this session.
    mutating func looked(_ holder: LeaderHolder?, key: Int32, at now: NIODeadline) -> LookAction {
        switch self.state {
        case .asking(.looking):
            if let holder, self.isInTheWay(holder, at: now) { return .follow(self.follow(holder, at: now)) }
            self.state = .asking(.marking(key))
            return .mark(key)
        case .absent, .following, .asking, .leading, .stopped:
            return .nothing
        }
    }

    /// The session has the mark that it requested, or another session has it.
    mutating func marked(_ isOurs: Bool, at now: NIODeadline) -> MarkAction {
        switch self.state {
        case .asking(.marking(let key)):
            guard isOurs else { return .follow(self.follow(nil, at: now)) }
            self.state = .asking(.lookingAgain(key))
            return .lookAgain
        case .absent, .following, .asking, .leading, .stopped:
            return .nothing
        }
    }

    /// The second check whether another session has a mark, which was sent at that moment, is done.
    mutating func lookedAgain(_ holder: LeaderHolder?, sentAt sent: NIODeadline) -> SecondLookAction {
        switch self.state {
        case .asking(.lookingAgain(let key)):
            if let holder, self.isInTheWay(holder, at: sent) {
                return .settle(.follow(self.follow(holder, unmarking: key, at: sent)))
            }
            // Without a lease another may have led unnoticed, but perhaps none stood by.
            guard self.hasLease else {
                return .settle(self.taken(isContinued: !self.hasStandbys, mark: key, sentAt: sent))
            }
            self.state = .asking(.taking(key))
            return .takeLease
        case .absent, .following, .asking, .leading, .stopped:
            return .nothing
        }
    }

    /// The lease, requested at that moment, was granted, or another session has it.
    mutating func leaseAnswered(_ answer: LeaseAnswer, sentAt sent: NIODeadline) -> LeaseAction {
        switch self.state {
        case .asking(.taking(let key)):
            switch answer {
            case .taken(let isContinued): return self.taken(isContinued: isContinued, mark: key, sentAt: sent)
            case .held(let holder): return .follow(self.follow(holder, unmarking: key, at: sent))
            }
        case .absent, .following, .asking, .leading, .stopped:
            return .nothing
        }
    }

    private mutating func taken(isContinued: Bool, mark: Int32, sentAt sent: NIODeadline) -> LeaseAction {
        guard self.isJoined else { return .release(self.release(mark: mark)) }
        self.state = .leading(Lead(mark: mark, confirmed: sent, proven: sent, lastStamp: sent))
        self.role = .leader(continued: isContinued)
        return .lead
    }

    private mutating func follow(
        _ holder: LeaderHolder?, unmarking key: Int32? = nil, at now: NIODeadline
    ) -> Following {
        self.state = .following
        guard let holder else { return Following(unmarks: key, standby: nil, terminates: nil) }
        let isTooOld = self.isTooOld(holder, at: now)
        if !isTooOld || self.terminated != holder.pid { self.terminated = nil }
        let isNew = self.lastHolder?.pid != holder.pid || self.role == .unknown
        self.lastHolder = holder
        let terminates = isTooOld ? holder.pid : nil
        if self.isOwn(holder, at: now) { return Following(unmarks: key, standby: nil, terminates: terminates) }
        self.role = .standby(holder)
        return Following(unmarks: key, standby: isNew ? holder : nil, terminates: terminates)
    }

    /// The backend of a leader that gives no sign of life was asked to end. Returns whether that is news.
    mutating func asked(toEnd pid: Int32) -> Bool {
        guard self.terminated != pid else { return false }
        self.terminated = pid
        return true
    }

    /// Whether the mark of that one counts.
    private mutating func isInTheWay(_ holder: LeaderHolder, at now: NIODeadline) -> Bool {
        !(self.terminated == holder.pid && self.isTooOld(holder, at: now))
    }

    /// Whether that one is the session in which this sidecar led last: its backend is still there, and has hardly
    /// stamped since the session was lost, if at all. Nobody else leads then.
    private func isOwn(_ holder: LeaderHolder, at now: NIODeadline) -> Bool {
        guard let former = self.formerLead, former.backend == holder.pid, let age = holder.age else { return false }
        return age * 1e9 >= Double((now - former.lost - Self.stampInterval).nanoseconds)
    }

    private mutating func isTooOld(_ holder: LeaderHolder, at now: NIODeadline) -> Bool {
        self.age(of: holder, at: now).map { $0 >= Self.greatestAge } ?? false
    }

    /// How long the holder has given no sign of life, in seconds. One without a first stamp is as old as the time since
    /// it was first seen.
    private mutating func age(of holder: LeaderHolder, at now: NIODeadline) -> Double? {
        guard self.hasLease, holder.age == nil else {
            self.unstampedSince = nil
            return holder.age
        }
        guard let since = self.unstampedSince, self.lastHolder?.pid == holder.pid else {
            self.unstampedSince = now
            return nil
        }
        return Double((now - since).nanoseconds) / 1e9
    }

    private mutating func release(mark: Int32) -> Release {
        let wasLeading = self.isLeading
        self.state = .following
        if wasLeading { self.role = .unknown }
        return Release(mark: mark, handsOver: wasLeading)
    }

    // MARK: - Leading

    /// The database has answered a stamp that was sent at that moment.
    ///
    /// - Parameters:
    ///   - isOurs: this session still has the lease.
    ///   - othersWait: other sidecars stand by.
    mutating func stamped(isOurs: Bool, othersWait: Bool, sentAt sent: NIODeadline) -> StampAction {
        guard isOurs else { return .abandon }
        self.hasStandbys = othersWait
        switch self.state {
        case .leading(var lead):
            lead.confirmed = max(lead.confirmed, sent)
            lead.proven = max(lead.proven, sent)
            self.state = .leading(lead)
        case .absent, .following, .asking, .stopped:
            break
        }
        return .nothing
    }

    /// Until when no other sidecar can have the lease: before that, neither the server nor a standby ends the session.
    /// Nil: this sidecar does not lead.
    var provenUntil: NIODeadline? {
        switch self.state {
        case .leading(let lead): lead.proven + Self.stampPatience
        case .absent, .following, .asking, .stopped: nil
        }
    }

    /// How long ago the last answered stamp was sent; nil: this sidecar does not lead.
    func stampAge(at now: NIODeadline) -> TimeAmount? {
        switch self.state {
        case .leading(let lead): now - lead.confirmed
        case .absent, .following, .asking, .stopped: nil
        }
    }

    /// Answers of the database wait unread. The lease counts as proven only if no other sidecar was there to take it.
    private mutating func held(at now: NIODeadline) {
        switch self.state {
        case .leading(var lead):
            lead.confirmed = max(lead.confirmed, now)
            if !self.hasStandbys, now < lead.proven + Self.stampPatience { lead.proven = max(lead.proven, now) }
            self.state = .leading(lead)
        case .absent, .following, .asking, .stopped:
            break
        }
    }

    /// A second has passed.
    ///
    /// - Parameter isHeld: reading the database is suspended because the router accepts nothing: that is not the
    ///   database's silence.
    mutating func ticked(isHeld: Bool = false, at now: NIODeadline) -> TickAction {
        if isHeld { self.held(at: now) }
        if let deadline = self.givesWayUntil, deadline <= now { self.givesWayUntil = nil }
        switch self.state {
        case .following:
            switch self.ask() {
            case .look: return .look
            case .nothing: return .nothing
            }
        case .leading(var lead):
            if case .left(let since) = self.router, now - since >= Self.routerPatience {
                return .release(self.release(mark: lead.mark))
            }
            if now - lead.confirmed >= Self.stampPatience { return .abandon }
            guard now - lead.lastStamp >= Self.stampInterval else { return .nothing }
            lead.lastStamp = now
            self.state = .leading(lead)
            return .stamp
        case .absent, .asking, .stopped:
            return .nothing
        }
    }

    // MARK: - The former lock

    /// Whether to check now for sessions of other roles at the former lock of leaders.
    mutating func looksForStrangers(at now: NIODeadline) -> Bool { self.strangers.isDue(at: now) }

    /// These sessions are there. Returns the ones to report.
    mutating func found(_ strangers: [Stranger]) -> [Stranger] { self.strangers.found(strangers) }
}

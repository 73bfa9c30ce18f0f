/// Whether a session is as work needs it, and what is sent to make it so.
///
/// Something that work leaves behind (a role, a search path, a deadline) must not reach other work: the session is put
/// in order ahead of what is sent next. Work that can't look whether the session is in order *follows*: it is sent when
/// the session has been put in order, and after what it wants set for the whole session.
///
/// Generic over the work that follows, so that it can be tested without a connection.
struct CleaningStateMachine<Follower>: ~Copyable {
    private struct Following {
        let follower: Follower
        /// A statement that sets what it needs.
        let settings: String?
    }

    private enum State {
        case clean
        /// Something may have been left behind.
        case soiled
        /// What puts the session in order is on its way. Work that was sent before it may leave something behind until
        /// then, which may then have been left behind after it as well.
        case cleaning(Following?, isSoiled: Bool)
        /// What the follower needs set is on its way.
        case setting(Following, isSoiled: Bool)
        /// The session could not be put in order.
        case failed(Following?)
    }

    /// What the driver does when a step of this has ended.
    enum Action {
        /// The session is as it was when it was new: note what its settings are.
        case clean
        /// The same; then send what the follower needs set.
        case set(String)
        /// The same; then send the follower.
        case sendAfterCleaning(Follower)
        /// What it needs is set: send the follower.
        case sendAfterSetting(Follower)
        /// What the follower needs can't be set, which is its own fault.
        case refuse(Follower)
        /// The session can't be used for anything.
        case retire
        /// Nothing of this was under way.
        case none
    }

    private var state = State.clean

    /// Whether the session has to be put in order ahead of what is sent next.
    var isSoiled: Bool {
        switch self.state {
        case .clean, .failed: false
        case .soiled: true
        case .cleaning(_, let isSoiled), .setting(_, let isSoiled): isSoiled
        }
    }

    /// The work that is sent when the session has been put in order.
    var follower: Follower? {
        switch self.state {
        case .clean, .soiled: nil
        case .cleaning(let following, _), .failed(let following): following?.follower
        case .setting(let following, _): following.follower
        }
    }

    /// Something may have been left behind.
    mutating func soil() {
        switch self.state {
        case .clean, .soiled: self.state = .soiled
        case .cleaning(let following, _): self.state = .cleaning(following, isSoiled: true)
        case .setting(let following, _): self.state = .setting(following, isSoiled: true)
        case .failed: break
        }
    }

    /// - Returns: whether what puts the session in order is to be sent; else it is on its way already.
    mutating func clean() -> Bool {
        switch self.state {
        case .clean, .soiled:
            self.state = .cleaning(nil, isSoiled: false)
            return true
        case .cleaning, .setting, .failed:
            return false
        }
    }

    /// Work is to be sent when the session has been put in order, which is on its way.
    mutating func follow(_ follower: Follower, settings: String?) {
        switch self.state {
        case .cleaning(_, let isSoiled):
            self.state = .cleaning(Following(follower: follower, settings: settings), isSoiled: isSoiled)
        case .failed:
            self.state = .failed(Following(follower: follower, settings: settings))
        case .clean, .soiled, .setting:
            break
        }
    }

    /// What was sent last for this has ended.
    mutating func ended(hasFailed: Bool) -> Action {
        switch self.state {
        case .cleaning(let following, let isSoiled):
            guard !hasFailed else {
                self.state = .failed(following)
                return .retire
            }
            guard let following else {
                self.state = isSoiled ? .soiled : .clean
                return .clean
            }
            if let settings = following.settings {
                self.state = .setting(following, isSoiled: isSoiled)
                return .set(settings)
            }
            self.state = isSoiled ? .soiled : .clean
            return .sendAfterCleaning(following.follower)
        case .setting(let following, let isSoiled):
            self.state = isSoiled || hasFailed ? .soiled : .clean
            return hasFailed ? .refuse(following.follower) : .sendAfterSetting(following.follower)
        case .clean, .soiled, .failed:
            return .none
        }
    }

    /// The connection is gone.
    ///
    /// - Returns: the work that was not sent.
    mutating func lost() -> Follower? {
        defer { self.state = .failed(nil) }
        return self.follower
    }
}

extension CleaningStateMachine.Action: Equatable where Follower: Equatable {}

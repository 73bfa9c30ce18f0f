/// Whether a session is clean, and which statements make it so.
///
/// A role, a search path or a deadline that work leaves behind must not reach other work: the session is put in order
/// before the next statement. Work that can't check the session by itself *follows*: it is sent after the session has
/// been put in order, and after the settings that it needs for the whole session.
///
/// Generic over the work that follows, so that a test needs no connection.
struct CleaningStateMachine<Follower>: ~Copyable {
    private struct Following {
        let follower: Follower
        /// A statement that makes the settings that it needs.
        let settings: String?
    }

    private enum State {
        case clean
        /// Something may have been left behind.
        case soiled
        /// The statements that put the session in order are on their way. Work that was sent before them may still
        /// leave something behind, also after them.
        case cleaning(Following?, isSoiled: Bool)
        /// The follower's settings are on their way.
        case setting(Following, isSoiled: Bool)
        /// The session could not be put in order.
        case failed(Following?)
    }

    /// The driver's task after a step of this machine.
    enum Action {
        /// The session is as it was when it was new: record its settings.
        case clean
        /// The same; then send what the follower needs set.
        case set(String)
        /// The same; then send the follower.
        case sendAfterCleaning(Follower)
        /// Its settings are made: send the follower.
        case sendAfterSetting(Follower)
        /// The follower's settings are refused, which is the follower's fault.
        case refuse(Follower)
        /// The session can't be used for anything.
        case retire
        /// This machine had no step under way.
        case none
    }

    private var state = State.clean

    /// Whether the session must be put in order before the next statement.
    var isSoiled: Bool {
        switch self.state {
        case .clean, .failed: false
        case .soiled: true
        case .cleaning(_, let isSoiled), .setting(_, let isSoiled): isSoiled
        }
    }

    /// The work that is sent after the session has been put in order.
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

    /// - Returns: whether to send the statements that put the session in order; otherwise they are on their way
    ///   already.
    mutating func clean() -> Bool {
        switch self.state {
        case .clean, .soiled:
            self.state = .cleaning(nil, isSoiled: false)
            return true
        case .cleaning, .setting, .failed:
            return false
        }
    }

    /// Work is to be sent after the statements under way have put the session in order.
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

    /// The last step that was sent for this has ended.
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

internal import NIOCore

/// When to connect: at once, again after a while, or not any more.
///
/// An attempt whose thread does not return in time counts as failed, but no other begins before the thread has
/// returned, not even if meanwhile no connection was wanted: threads that a resolver blocks must not pile up.
struct KeeperStateMachine: ~Copyable {
    /// A connection that lasted this long was a good one: the next attempt counts as the first again.
    static let stableAfter = TimeAmount.seconds(10)

    private enum State {
        case idle
        case connecting
        /// The attempt has been given up; its thread has not returned.
        case overdue
        /// The same, and no connection is wanted.
        case unwanted
        case connected(since: NIODeadline)
        case waiting
        case stopped
    }

    enum Action: Equatable {
        case none
        case connect
        /// Try again after the delay of this attempt, counted from 0.
        case waitBeforeAttempt(Int)
        /// Use the connection that has come.
        case use
        /// Nothing needs the connection that has come.
        case discard
    }

    private var state = State.idle
    private var attempt = 0

    mutating func start() -> Action {
        switch self.state {
        case .idle:
            self.state = .connecting
            return .connect
        case .unwanted:
            self.state = .connecting
            return .none
        case .connecting, .overdue, .connected, .waiting, .stopped:
            return .none
        }
    }

    /// The delay is over, or there is reason to believe that the server can be reached now.
    mutating func retry() -> Action {
        switch self.state {
        case .waiting:
            self.state = .connecting
            return .connect
        case .idle, .connecting, .overdue, .unwanted, .connected, .stopped:
            return .none
        }
    }

    mutating func attemptSucceeded(at now: NIODeadline) -> Action {
        switch self.state {
        case .connecting, .overdue:
            self.state = .connected(since: now)
            return .use
        case .unwanted:
            self.state = .idle
            return .discard
        case .idle, .connected, .waiting, .stopped:
            return .discard
        }
    }

    mutating func attemptFailed() -> Action {
        switch self.state {
        case .connecting, .overdue:
            return self.wait()
        case .unwanted:
            self.state = .idle
            return .none
        case .idle, .connected, .waiting, .stopped:
            return .none
        }
    }

    /// - Returns: whether the attempt is still under way, and has just become overdue.
    mutating func attemptIsOverdue() -> Bool {
        switch self.state {
        case .connecting:
            self.state = .overdue
            return true
        case .idle, .overdue, .unwanted, .connected, .waiting, .stopped:
            return false
        }
    }

    mutating func lost(at now: NIODeadline) -> Action {
        switch self.state {
        case .connected(let since):
            if now - since >= Self.stableAfter { self.attempt = 0 }
            return self.wait()
        case .idle, .connecting, .overdue, .unwanted, .waiting, .stopped:
            return .none
        }
    }

    /// The connection was closed on purpose, and another is needed.
    mutating func replaced() -> Action {
        switch self.state {
        case .connected:
            self.state = .connecting
            return .connect
        case .idle, .connecting, .overdue, .unwanted, .waiting, .stopped:
            return .none
        }
    }

    /// No connection is wanted until ``start()``.
    mutating func park() {
        self.attempt = 0
        switch self.state {
        case .connecting, .overdue: self.state = .unwanted
        case .connected, .waiting: self.state = .idle
        case .idle, .unwanted, .stopped: break
        }
    }

    mutating func stop() {
        self.state = .stopped
    }

    private mutating func wait() -> Action {
        self.state = .waiting
        defer { self.attempt += 1 }
        return .waitBeforeAttempt(self.attempt)
    }
}

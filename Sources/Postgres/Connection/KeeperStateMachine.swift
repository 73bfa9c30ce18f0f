internal import NIOCore

/// When to connect: at once, again after a while, or not any more.
///
/// An attempt whose thread does not come back in time counts as failed, but no other is begun before the thread has
/// come back: threads that a resolver holds are never piled up.
struct KeeperStateMachine: ~Copyable {
    /// A connection that lasted this long was a good one: the next attempt is the first again.
    static let stableAfter = TimeAmount.seconds(10)

    private enum State {
        case idle
        case connecting
        /// The attempt has been given up, its thread has not come back.
        case overdue
        case connected(since: NIODeadline)
        case waiting
        case stopped
    }

    enum Action: Equatable {
        case none
        case connect
        /// Try again after the delay that belongs to this attempt, counted from 0.
        case waitBeforeAttempt(Int)
        /// Use the connection that has come.
        case use
        /// Nobody wants the connection that has come.
        case discard
    }

    private var state = State.idle
    private var attempt = 0

    mutating func start() -> Action {
        switch self.state {
        case .idle:
            self.state = .connecting
            return .connect
        case .connecting, .overdue, .connected, .waiting, .stopped:
            return .none
        }
    }

    /// The delay is over, or there is reason to believe that it works now.
    mutating func retry() -> Action {
        switch self.state {
        case .waiting:
            self.state = .connecting
            return .connect
        case .idle, .connecting, .overdue, .connected, .stopped:
            return .none
        }
    }

    mutating func attemptSucceeded(at now: NIODeadline) -> Action {
        switch self.state {
        case .connecting, .overdue:
            self.state = .connected(since: now)
            return .use
        case .idle, .connected, .waiting, .stopped:
            return .discard
        }
    }

    mutating func attemptFailed() -> Action {
        switch self.state {
        case .connecting, .overdue:
            return self.wait()
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
        case .idle, .overdue, .connected, .waiting, .stopped:
            return false
        }
    }

    mutating func lost(at now: NIODeadline) -> Action {
        switch self.state {
        case .connected(let since):
            if now - since >= Self.stableAfter { self.attempt = 0 }
            return self.wait()
        case .idle, .connecting, .overdue, .waiting, .stopped:
            return .none
        }
    }

    /// The connection was closed on purpose, and another is wanted.
    mutating func replaced() -> Action {
        switch self.state {
        case .connected:
            self.state = .connecting
            return .connect
        case .idle, .connecting, .overdue, .waiting, .stopped:
            return .none
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

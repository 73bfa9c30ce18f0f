/// Decides in which order the sidecar stops: its parts finish their work, one after the other; then the session with
/// the router ends.
///
/// Each wait has an end: a part's own, that of all parts together, and that of the router's goodbye.
struct ShutdownStateMachine: ~Copyable {
    /// The result.
    enum Outcome: Equatable {
        case inTime
        /// Not all work has ended.
        case unfinished
        /// It has, but the router did not answer.
        case withoutGoodbye
    }

    /// The next step.
    enum Action: Equatable {
        case nothing
        /// The part with this number, from 0, must finish.
        case drain(Int)
        /// Unfinished work is given up, and GOODBYE is sent to the router.
        case sayGoodbye
        case end(Outcome)
    }

    private enum State {
        case running
        case draining(part: Int, of: Int)
        case leaving(isDrained: Bool)
        case over
    }

    private var state = State.running

    /// The process is to stop.
    mutating func begin(parts: Int) -> Action {
        switch self.state {
        case .running: self.drain(0, of: parts)
        case .draining, .leaving, .over: .nothing
        }
    }

    /// A part has finished, or its own time is over.
    mutating func drained(_ part: Int) -> Action {
        switch self.state {
        // It may finish after its time.
        case .draining(let current, let count) where current == part: self.drain(part + 1, of: count)
        case .draining, .leaving, .over, .running: .nothing
        }
    }

    /// The time of all parts together is over.
    mutating func patienceEnded() -> Action {
        switch self.state {
        case .draining:
            self.state = .leaving(isDrained: false)
            return .sayGoodbye
        case .running, .leaving, .over: return .nothing
        }
    }

    /// The session with the router has ended, or there was none.
    mutating func left() -> Action {
        switch self.state {
        case .leaving(let isDrained): self.end(isDrained ? .inTime : .unfinished)
        case .running, .draining, .over: .nothing
        }
    }

    /// The router does not answer.
    mutating func goodbyeTimedOut() -> Action {
        switch self.state {
        case .leaving(let isDrained): self.end(isDrained ? .withoutGoodbye : .unfinished)
        case .running, .draining, .over: .nothing
        }
    }

    private mutating func drain(_ part: Int, of count: Int) -> Action {
        guard part < count else {
            self.state = .leaving(isDrained: true)
            return .sayGoodbye
        }
        self.state = .draining(part: part, of: count)
        return .drain(part)
    }

    private mutating func end(_ outcome: Outcome) -> Action {
        self.state = .over
        return .end(outcome)
    }
}

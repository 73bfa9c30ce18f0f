import NIOCore

/// Decides how long a connection to the admin port may do what it does, and when it ends.
struct AdminConnectionStateMachine: ~Copyable {
    /// What follows.
    enum Action: Equatable {
        case nothing
        /// The connection ends unless something happens within this time.
        case wait(TimeAmount)
        /// What was written is sent, then the connection ends; what still comes is not looked at.
        case linger(TimeAmount)
        case close
    }

    private enum State {
        /// A request is on its way, or the first one is waited for.
        case request
        /// The last request was answered.
        case idle
        /// The last answer is on its way.
        case lingering
        case closed
    }

    /// How long a request may take to arrive.
    static let requestPatience = TimeAmount.seconds(5)
    /// How long nothing may be asked for.
    static let idlePatience = TimeAmount.seconds(60)
    /// How long a client may take to read why its connection ends.
    static let lingering = TimeAmount.seconds(1)

    private var state = State.request

    /// Whether what comes is looked at.
    var isReading: Bool {
        switch self.state {
        case .request, .idle: true
        case .lingering, .closed: false
        }
    }

    /// The connection is there.
    func opened() -> Action { .wait(Self.requestPatience) }

    /// A part of a request came, maybe all of it.
    mutating func received() -> Action {
        switch self.state {
        case .idle:
            self.state = .request
            return .wait(Self.requestPatience)
        case .request, .lingering, .closed: return .nothing
        }
    }

    /// A request was answered.
    mutating func answered(isLast: Bool) -> Action {
        switch self.state {
        case .request, .idle:
            self.state = isLast ? .lingering : .idle
            return isLast ? .linger(Self.lingering) : .wait(Self.idlePatience)
        case .lingering, .closed: return .nothing
        }
    }

    /// The time is over.
    mutating func timedOut() -> Action {
        switch self.state {
        case .request, .idle, .lingering:
            self.state = .closed
            return .close
        case .closed: return .nothing
        }
    }

    /// The connection is gone.
    mutating func closed() { self.state = .closed }
}

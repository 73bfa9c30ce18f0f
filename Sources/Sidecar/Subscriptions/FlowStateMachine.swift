/// Whether the events of a subscription can run now: whether their function is known, and since when none of them runs.
struct FlowStateMachine {
    private enum Function {
        /// It is looked up when an event comes.
        case unknown
        case lookingUp
        /// It has been looked up, and can be called.
        case ready
    }

    private enum Holding {
        case none
        /// No event can run now, for this reason, and so many attempts have been made since.
        case held(EventFailure, times: Int)
    }

    /// The step that events need to run.
    enum Step: Equatable {
        case nothing
        /// They can.
        case resume
        /// Look the function up. ``lookedUp(isFound:)`` must follow.
        case lookUp
    }

    /// One delay is enough for all of them.
    private let sharesDelays: Bool
    private var function = Function.unknown
    private var holding = Holding.none
    /// A delay is under way, after which it is tried again.
    private var isDelayed = false
    private var isEnding = false

    /// - Parameter sharesDelays: whether during a delay nothing more is reported, and no other delay begins.
    init(sharesDelays: Bool) {
        self.sharesDelays = sharesDelays
    }

    /// The reason for giving up the waiting events now: none can run, and there is no time to wait.
    var reasonToGiveUp: EventFailure? {
        guard self.isEnding, case .held(let failure, _) = self.holding else { return nil }
        return failure
    }

    /// There is no time any more to wait.
    mutating func end() {
        self.isEnding = true
    }

    // MARK: - The function

    /// An event has come.
    ///
    /// - Parameter isKnown: the function may be known already; then a change is found out when an event runs.
    mutating func eventCame(isKnown: Bool) -> Step {
        switch self.function {
        case .lookingUp, .ready:
            return .nothing
        case .unknown:
            guard !self.isDelayed else { return .nothing }
            guard isKnown else { return self.lookUp() }
            self.function = .ready
            return .resume
        }
    }

    /// The function may have changed.
    mutating func lookUp() -> Step {
        switch self.function {
        case .lookingUp:
            return .nothing
        case .unknown, .ready:
            self.function = .lookingUp
            return .lookUp
        }
    }

    /// It has been looked up, or could not be.
    mutating func lookedUp(isFound: Bool) -> Step {
        self.function = isFound ? .ready : .unknown
        return isFound ? .resume : .nothing
    }

    // MARK: - Delays

    /// An event has run.
    mutating func ran() {
        self.holding = .none
    }

    /// No event can run now, and no event is to blame.
    ///
    /// - Returns: for how many failures to wait, by ``delayBegan()``; nil if a delay is under way.
    mutating func hold(_ failure: EventFailure) -> Int? {
        var times = 0
        if case .held(_, let before) = self.holding { times = before }
        let isNew = !self.sharesDelays || !self.isDelayed
        if isNew { times += 1 }
        self.holding = .held(failure, times: times)
        return isNew ? times : nil
    }

    /// ``delayEnded()`` must follow.
    mutating func delayBegan() {
        self.isDelayed = true
    }

    /// It is tried again. The function may be looked up at the same time.
    mutating func delayEnded() -> Step {
        self.isDelayed = false
        switch self.function {
        case .ready: return .resume
        case .unknown, .lookingUp: return self.lookUp()
        }
    }
}

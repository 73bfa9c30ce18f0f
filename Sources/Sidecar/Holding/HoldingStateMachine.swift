import NIOCore

/// One thing that the router holds for the sidecar: a procedure's registration, a topic's subscription. It is requested
/// while it is wanted and there is a session, repeatedly if the router refuses, and returned when it is not wanted any
/// more.
///
/// It knows neither the other things, nor the router, nor a clock: ``Holdings`` gives it its turn and random numbers;
/// after the action `wait`, ``timer()`` follows when that time has passed. Events that do not fit the state are
/// dropped: a timer that was canceled too late, a revocation that crosses the return.
struct HoldingStateMachine<ID: Hashable>: ~Copyable {
    /// Why it is not wanted.
    enum Absence: Equatable {
        /// For the time being, or until the leader is known.
        case withheld
        /// Another sidecar has it: nothing is missing.
        case elsewhere
        /// It is permanently unwanted.
        case removed
    }

    /// Whether readiness waits for the router's answer about it.
    enum Standing: Equatable {
        case awaited
        /// The router has answered in this session, with success or not: further requests do not change that.
        case answered
        /// It was added when all the others were held: readiness does not wait for it in this session.
        case late
    }

    /// Its history in this session.
    struct Past: Equatable {
        /// How often the router has refused it since it was last held, for the delay; a refusal that won't pass soon
        /// counts more.
        var failures = 0
        var standing = Standing.awaited
        /// False after an administrator or another session took it: to retake it by force would never end.
        var mayForce = true
        /// The router may hold it under an unknown id: its answer has not come.
        var mayBeHeld = false

        fileprivate mutating func answered() {
            if self.standing == .awaited { self.standing = .answered }
        }
    }

    /// Where a reason for its absence is possible, nil means: wanted.
    enum State: Equatable {
        /// There is no session.
        case apart(Absence?, isLate: Bool)
        /// It is not wanted.
        case resting(Past, Absence)
        /// It waits for its turn to be requested.
        case queued(Past)
        /// It has been requested, and the router has not answered.
        case asking(Past, Absence?)
        case held(ID, Past)
        /// The router has refused or revoked it. It is requested again when the time is over.
        case waiting(Past)
        /// The router holds it under an unknown id. The session ends because of that.
        case lost(Past, Absence?)
    }

    enum AskAction: Equatable {
        case nothing
        /// It needs a turn, by ``turn()``.
        case queue
    }

    enum UnwantAction: Equatable {
        case nothing
        case giveBack(ID)
        case cancelTimer
    }

    enum TurnAction: Equatable {
        /// It needs no turn after all.
        case skip
        case ask(mayForce: Bool)
    }

    enum GrantAction: Equatable {
        case nothing
        case report
        case giveBack(ID)
    }

    enum RefusalAction: Equatable {
        case nothing
        case wait(TimeAmount)
        /// In this session it is stuck; the session must end.
        case abandon
    }

    enum RevocationAction: Equatable {
        case nothing
        case wait(TimeAmount)
    }

    private(set) var state: State

    init(_ state: State) {
        self.state = state
    }

    /// Whether readiness need not wait for it.
    var isSettled: Bool {
        switch self.state {
        case .held, .waiting: true
        case .apart(.elsewhere, _), .apart(.removed, _), .resting(_, .elsewhere), .resting(_, .removed),
            .asking(_, .elsewhere), .asking(_, .removed), .lost(_, .elsewhere), .lost(_, .removed):
            true
        case .apart(nil, let isLate), .apart(.withheld, let isLate): isLate
        case .resting(let past, .withheld): past.standing == .late
        case .queued(let past), .asking(let past, nil), .asking(let past, .withheld): past.standing != .awaited
        case .lost(_, nil), .lost(_, .withheld): false
        }
    }

    /// Whether there is neither a request to make nor an answer to come.
    var isAtRest: Bool {
        switch self.state {
        case .apart, .resting: true
        case .queued, .asking, .held, .waiting, .lost: false
        }
    }

    /// Whether the router holds it.
    func isHeld(as id: ID) -> Bool {
        switch self.state {
        case .held(let held, _): held == id
        case .apart, .resting, .queued, .asking, .waiting, .lost: false
        }
    }

    /// Whether such a refusal means that the router holds it for this very session, under an unknown id.
    func isLost(_ refusal: HoldingRefusal) -> Bool {
        switch self.state {
        case .asking(let past, nil):
            return switch refusal {
            case .lost: true
            case .taken: past.mayBeHeld
            case .unanswered, .refused: false
            }
        case .asking(_, .some), .apart, .resting, .queued, .held, .waiting, .lost: return false
        }
    }

    // MARK: - Sessions

    /// There is a session, in which nothing is held yet.
    mutating func joined(_ standing: Standing) -> AskAction {
        switch self.state {
        case .apart(nil, _):
            self.state = .queued(Past(standing: standing))
            return .queue
        case .apart(let absence?, _):
            self.state = .resting(Past(standing: standing), absence)
            return .nothing
        case .resting, .queued, .asking, .held, .waiting, .lost:
            return .nothing
        }
    }

    /// The session is lost, and with it the holding. A running timer must be canceled.
    mutating func left() {
        switch self.state {
        case .apart(let absence, _), .asking(_, let absence), .lost(_, let absence):
            self.state = .apart(absence, isLate: false)
        case .resting(_, let absence):
            self.state = .apart(absence, isLate: false)
        case .queued, .held, .waiting:
            self.state = .apart(nil, isLate: false)
        }
    }

    // MARK: - Wishes

    /// It should be held here. A removed thing is not wanted again.
    mutating func want() -> AskAction {
        switch self.state {
        case .apart(.removed, _), .resting(_, .removed), .asking(_, .removed), .lost(_, .removed):
            return .nothing
        case .apart(_, let isLate):
            self.state = .apart(nil, isLate: isLate)
            return .nothing
        case .resting(let past, _):
            self.state = .queued(past)
            return .queue
        case .asking(let past, _):
            self.state = .asking(past, nil)
            return .nothing
        case .lost(let past, _):
            self.state = .lost(past, nil)
            return .nothing
        case .queued, .held, .waiting:
            return .nothing
        }
    }

    /// It should not be held here.
    mutating func unwant(_ absence: Absence) -> UnwantAction {
        switch self.state {
        case .apart(.removed, _), .resting(_, .removed), .asking(_, .removed), .lost(_, .removed):
            return .nothing
        case .apart(_, let isLate):
            self.state = .apart(absence, isLate: isLate)
            return .nothing
        case .resting(let past, _), .queued(let past):
            self.state = .resting(past, absence)
            return .nothing
        case .asking(let past, _):
            self.state = .asking(past, absence)
            return .nothing
        case .held(let id, let past):
            self.state = .resting(past, absence)
            return .giveBack(id)
        case .waiting(let past):
            self.state = .resting(past, absence)
            return .cancelTimer
        case .lost(let past, _):
            self.state = .lost(past, absence)
            return .nothing
        }
    }

    // MARK: - Requesting

    /// It is its turn.
    mutating func turn() -> TurnAction {
        switch self.state {
        case .queued(let past):
            self.state = .asking(past, nil)
            return .ask(mayForce: past.mayForce)
        case .apart, .resting, .asking, .held, .waiting, .lost:
            return .skip
        }
    }

    /// The router holds it.
    mutating func granted(_ id: ID) -> GrantAction {
        switch self.state {
        case .asking(var past, nil):
            past.answered()
            past.failures = 0
            past.mayBeHeld = false
            self.state = .held(id, past)
            return .report
        case .asking(var past, let absence?):
            past.mayBeHeld = false
            self.state = .resting(past, absence)
            return .giveBack(id)
        case .apart, .resting, .queued, .held, .waiting, .lost:
            return .nothing
        }
    }

    /// The router does not hold it, or has not confirmed it.
    ///
    /// - Parameters:
    ///   - mayAbandon: whether the session may be given up for it if ``isLost(_:)``.
    ///   - random: a number from 0 to 1.
    mutating func refused(
        _ refusal: HoldingRefusal, mayAbandon: Bool, delays: HoldingDelays, random: Double
    ) -> RefusalAction {
        let isLost = self.isLost(refusal)
        switch self.state {
        case .asking(var past, let absence):
            switch refusal {
            case .unanswered, .lost: past.mayBeHeld = true
            case .taken, .refused: break
            }
            if let absence {
                self.state = .resting(past, absence)
                return .nothing
            }
            if isLost && mayAbandon {
                self.state = .lost(past, nil)
                return .abandon
            }
            past.answered()
            past.failures += delays.weight(of: refusal)
            self.state = .waiting(past)
            return .wait(delays.delay(after: past.failures, refusal, random: random))
        case .apart, .resting, .queued, .held, .waiting, .lost:
            return .nothing
        }
    }

    /// The waiting time is over.
    mutating func timer() -> AskAction {
        switch self.state {
        case .waiting(let past):
            self.state = .queued(past)
            return .queue
        case .apart, .resting, .queued, .asking, .held, .lost:
            return .nothing
        }
    }

    /// The router revoked the holding with that id, the present one or an earlier one.
    ///
    /// - Parameter random: a number from 0 to 1.
    mutating func revoked(_ id: ID, delays: HoldingDelays, random: Double) -> RevocationAction {
        switch self.state {
        case .held(id, var past):
            past.mayForce = false
            past.failures += 1
            self.state = .waiting(past)
            return .wait(delays.delay(after: past.failures, .refused, random: random))
        case .resting(var past, let absence):
            past.mayForce = false
            self.state = .resting(past, absence)
            return .nothing
        case .queued(var past):
            past.mayForce = false
            self.state = .queued(past)
            return .nothing
        case .asking(var past, let absence):
            past.mayForce = false
            self.state = .asking(past, absence)
            return .nothing
        case .waiting(var past):
            past.mayForce = false
            self.state = .waiting(past)
            return .nothing
        case .held(let other, var past):
            past.mayForce = false
            self.state = .held(other, past)
            return .nothing
        case .apart, .lost:
            return .nothing
        }
    }
}

import NIOCore
import WAMPClient

/// What differs between what the router holds for us: procedures and subscriptions.
struct HoldingTerms {
    /// What it is to us, for messages: `procedure`.
    let thing: String
    /// What it is to the router: `registration`.
    let holding: String
    /// When it is asked for again.
    let delays: HoldingDelays
    /// The error by which the router says that only one session can have it, and one has; nil where any number can.
    let takenError: String?
    /// What is assumed of the leader before it is known.
    let lead: Lead

    /// So many requests are under way at once for each kind: calls and events come in between, and routers drop answers that a client is too
    /// slow to take.
    static let mostAtOnce = 16
}

/// Where the sidecar is that leads: it has what only one of several may have.
enum Lead {
    /// It is not known yet.
    case undecided
    case here
    case elsewhere
}

/// Why the router does not hold something for us.
enum HoldingRefusal: Equatable {
    /// Another session has it. It goes away as soon as the router sees that its connection is dead, or when it is given back.
    case taken
    /// It holds it for this very session, and the answer with the id was lost.
    case lost
    /// It has not answered in time.
    case unanswered
    /// Anything else; permissions may change.
    case refused

    init(_ error: RequestError, takenError: String?) {
        switch error.code {
        case .answerLost: self = .lost
        case .timeout: self = .unanswered
        case .refused: self = error.uri == takenError ? .taken : .refused
        case .canceled, .sessionClosed, .notHeld, .tooLarge, .unsupported: self = .refused
        }
    }
}

/// When something that the router refused is asked for again.
struct HoldingDelays: Equatable {
    let backoff: Backoff
    let shortest: TimeAmount
    /// While another session has it: whoever led before may give it back at any moment.
    let longestIfTaken: TimeAmount
    /// As how many failures one counts that won't pass soon.
    let weightOfRefusal: Int

    /// As how many failures it counts.
    func weight(of refusal: HoldingRefusal) -> Int {
        switch refusal {
        case .taken, .lost: 1
        case .unanswered, .refused: self.weightOfRefusal
        }
    }

    /// - Parameter random: a number from 0 to 1.
    func delay(after failures: Int, _ refusal: HoldingRefusal, random: Double) -> TimeAmount {
        let delay = max(self.backoff.delay(failures: failures, random: random), self.shortest)
        switch refusal {
        case .taken, .lost: return min(delay, self.longestIfTaken)
        case .unanswered, .refused: return min(delay, self.backoff.greatest)
        }
    }
}

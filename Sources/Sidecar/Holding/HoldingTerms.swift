import NIOCore
import WAMPClient

/// The differences between the two kinds of holdings: procedures and subscriptions.
struct HoldingTerms {
    /// The sidecar's word for it in messages: `procedure`.
    let thing: String
    /// The router's word for it: `registration`.
    let holding: String
    /// When it is requested again.
    let delays: HoldingDelays
    /// The router's error if only one session can have it, and another one has; nil if any number can.
    let takenError: String?
    /// The assumption about the leader before it is known.
    let lead: Lead

    /// The most requests of each kind under way at once: calls and events come in between, and routers drop answers
    /// that a client accepts too slowly.
    static let mostAtOnce = 16
}

/// The role of this sidecar, which decides whether it has things of which there is only one.
enum Lead {
    /// It is not known yet.
    case undecided
    case here
    case elsewhere
}

/// Why the router does not hold something.
enum HoldingRefusal: Equatable {
    /// Another session has it. That passes as soon as the router notices that its connection is dead, or when it is
    /// returned.
    case taken
    /// The router holds it for this very session, and the answer with the id was lost.
    case lost
    /// It has not answered in time.
    case unanswered
    /// Any other reason; permissions may change.
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

/// When a refused thing is requested again.
struct HoldingDelays: Equatable {
    let backoff: Backoff
    let shortest: TimeAmount
    /// While another session has it: the former leader may return it at any moment.
    let longestIfTaken: TimeAmount
    /// For how many failures one that won't pass soon counts.
    let weightOfRefusal: Int

    /// For how many failures it counts.
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

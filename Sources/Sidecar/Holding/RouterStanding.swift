/// How the router stands to something that the sidecar wants it to hold, for whoever looks.
enum RouterStanding: Equatable {
    /// It holds it.
    case held
    /// It has been asked, or will be in its turn.
    case asked
    /// It has refused it, with its words, and is asked again.
    case refused(String)
    /// It is not asked: another sidecar has it, or nothing is offered for the moment.
    case resting
    /// There is no session.
    case apart
}

extension HoldingStateMachine {
    /// How the router stands to it; of a refusal without the words.
    var routerStanding: RouterStanding {
        switch self.state {
        case .apart: .apart
        case .resting: .resting
        case .queued, .asking, .lost: .asked
        case .held: .held
        case .waiting: .refused("")
        }
    }
}

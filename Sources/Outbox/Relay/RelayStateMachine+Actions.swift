/// The relay's reactions to events.
extension RelayStateMachine {
    enum StartAction: Equatable {
        case nothing
        /// A run begins.
        case start
    }

    /// The end of a run.
    struct RunEnd: Equatable {
        /// If a lock that means "asleep" were held while nobody will wake up, every writer would notify.
        let givesLockBack: Bool
        /// The rows of the accepted events.
        let deletes: [Int64]
    }

    enum EndAction: Equatable {
        case nothing
        case end(RunEnd)
    }

    enum LeftAction: Equatable {
        case nothing
        /// The run ends; and an event is given up that has ended too many sessions.
        case end(RunEnd, DeadLetter?)
    }

    enum FinishAction: Equatable {
        case nothing
        case end(RunEnd)
        /// Nothing is under way any more.
        case finished
    }

    enum ScanAction: Equatable {
        /// The scan belonged to another run, or its session is lost.
        case nothing
        case goOn(OutboxEvent?, isFailureChanged: Bool)
        case abandon(Failure)
    }

    enum AnswerAction: Equatable {
        /// It belongs to another run, or has no effect.
        case nothing
        case goOn
        case report(OutboxEvent)
        /// The event becomes a dead letter; with the effect on others, if any.
        case giveUp(DeadLetter, OutboxEvent?)
        /// The session with the router must end: it does not answer.
        case abandonRouter(String)
    }

    enum CheckAction: Equatable {
        /// There is no run.
        case stop
        case goOn
        /// The session with the router must end: it does not answer.
        case abandonRouter(String)
    }

    enum DeletionAction: Equatable {
        case nothing
        case delete([Int64])
    }

    enum LockAction: Equatable {
        case nothing
        case goOn
        /// In the session that requested it.
        case giveBack
    }

    enum FailureAction: Equatable {
        /// It belonged to another session.
        case nothing
        /// The session with the database must end.
        case abandon(Failure)
    }

    /// A statement that has failed, and why.
    struct Failure: Equatable {
        let statement: String
        let reason: String
        /// ``RelayStateMachine/failure`` has changed.
        let isChanged: Bool
    }
}

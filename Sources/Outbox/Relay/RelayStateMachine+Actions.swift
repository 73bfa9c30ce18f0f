/// What the relay is to do about what happens.
extension RelayStateMachine {
    enum StartAction: Equatable {
        case nothing
        /// A run begins.
        case start
    }

    /// What a run leaves behind.
    struct RunEnd: Equatable {
        /// A lock that says "asleep" while nobody will wake up would have every writer notify.
        let givesLockBack: Bool
        /// The rows of what the router has.
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
        /// The scan was of another run, or its session is gone.
        case nothing
        case goOn(OutboxEvent?, isFailureChanged: Bool)
        case abandon(Failure)
    }

    enum AnswerAction: Equatable {
        /// It is of another run, or says nothing.
        case nothing
        case goOn
        case report(OutboxEvent)
        /// The event becomes a dead letter; and what that means for others, if anything.
        case giveUp(DeadLetter, OutboxEvent?)
        /// The session with the router is to end: it does not answer.
        case abandonRouter(String)
    }

    enum CheckAction: Equatable {
        /// There is no run.
        case stop
        case goOn
        /// The session with the router is to end: it does not answer.
        case abandonRouter(String)
    }

    enum DeletionAction: Equatable {
        case nothing
        case delete([Int64])
    }

    enum LockAction: Equatable {
        case nothing
        case goOn
        /// In the session in which it was asked for.
        case giveBack
    }

    enum FailureAction: Equatable {
        /// It was of another session.
        case nothing
        /// The session with the database is to end.
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

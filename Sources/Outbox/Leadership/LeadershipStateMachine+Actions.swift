/// What leading asks of the database and says to its owner.
extension LeadershipStateMachine {
    enum AskAction: Equatable {
        case nothing
        /// Look whether another session bears a mark.
        case look
    }

    /// What a session does that does not lead for now.
    struct Following: Equatable {
        /// Its mark with this key is given back; nil if it bears none.
        let unmarks: Int32?
        /// The sidecar that leads, if that is news.
        let standby: LeaderHolder?
        /// The backend with this process id is ended if it still leads: its sidecar does not answer for it any more.
        let terminates: Int32?
    }

    /// What a session does that has the lease, and shall not.
    struct Release: Equatable {
        /// The key of its mark, which is given back with the lease.
        let mark: Int32
        /// It led: that ends.
        let handsOver: Bool
    }

    enum LookAction: Equatable {
        case nothing
        /// Take a mark with this key.
        case mark(Int32)
        case follow(Following)
    }

    enum MarkAction: Equatable {
        case nothing
        /// Look again whether another session bears a mark.
        case lookAgain
        case follow(Following)
    }

    enum SecondLookAction: Equatable {
        case nothing
        case takeLease
        case settle(LeaseAction)
    }

    /// What came of asking for the lease.
    enum LeaseAnswer: Equatable {
        case taken(continued: Bool)
        /// Another session has it; nil if it was not seen which.
        case held(LeaderHolder?)
    }

    enum LeaseAction: Equatable {
        case nothing
        /// Leading begins, with a stamp.
        case lead
        case release(Release)
        case follow(Following)
    }

    enum GiveWayAction: Equatable {
        case nothing
        case release(Release)
    }

    enum TickAction: Equatable {
        case nothing
        /// Look whether another session bears a mark.
        case look
        case stamp
        case release(Release)
        /// End the session: it can't be known whether it still has the lease.
        case abandon
    }

    enum StampAction: Equatable {
        case nothing
        /// End the session: it has lost the lease.
        case abandon
    }

    enum LossAction: Equatable {
        case nothing
        /// Leading has ended with the session.
        case leadIsLost
    }

    enum StopAction: Equatable {
        case nothing
        /// Leading ends on purpose.
        case handOver
    }
}

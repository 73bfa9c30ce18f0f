/// The leadership's requests to the database and reports to its owner.
extension LeadershipStateMachine {
    enum AskAction: Equatable {
        case nothing
        /// Check whether another session has a mark.
        case look
    }

    /// The task of a session that does not lead for now.
    struct Following: Equatable {
        /// Its mark with this key is released; nil if it has none.
        let unmarks: Int32?
        /// The sidecar that leads, if that is new.
        let standby: LeaderHolder?
        /// The backend with this process id is asked to end if it still leads: it gives no sign of life any more.
        let terminates: Int32?
    }

    /// The task of a session that has the lease and must not have it.
    struct Release: Equatable {
        /// The key of its mark, which is released with the lease.
        let mark: Int32
        /// It led: that ends.
        let handsOver: Bool
    }

    enum LookAction: Equatable {
        case nothing
        /// Set a mark with this key.
        case mark(Int32)
        case follow(Following)
    }

    enum MarkAction: Equatable {
        case nothing
        /// Check again whether another session has a mark.
        case lookAgain
        case follow(Following)
    }

    enum SecondLookAction: Equatable {
        case nothing
        case takeLease
        case settle(LeaseAction)
    }

    /// The result of requesting the lease.
    enum LeaseAnswer: Equatable {
        case taken(continued: Bool)
        /// Another session has it; nil if that session is not known.
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
        /// Check whether another session has a mark.
        case look
        case stamp
        case release(Release)
        /// End the session: it may no longer have the lease.
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

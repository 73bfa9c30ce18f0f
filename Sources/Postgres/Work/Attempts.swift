/// How often a unit of work was run again, and whether it is once more.
///
/// It is when it has not run at all, because something was left behind in its session; and when the server canceled it
/// without having been asked to: a signal that was meant for what ran before can hit what runs next.
struct Attempts {
    /// How often work is sent to sessions that turn out not to be clean.
    static let mostShutGates = 8
    /// How often work is run again that the server canceled without having been asked to.
    static let mostRepetitions = 5

    /// What becomes of the work.
    enum Verdict: Equatable {
        case end(WorkOutcome)
        /// It is run again.
        ///
        /// - Parameter inOrder: only in a session that was put in order ahead of it.
        case runAgain(inOrder: Bool)
    }

    /// What the server canceled, as far as the verdict depends on it.
    struct Canceled {
        let isInterrupted: Bool
        /// It ran for as long as it may.
        let isOutOfTime: Bool
        let mayBeRepeated: Bool
        let error: DatabaseError
    }

    private var shutGates = 0
    private var repetitions = 0

    /// It has not run: the session was not clean, or could not be put in order.
    mutating func didNotRun(isInterrupted: Bool) -> Verdict {
        guard !isInterrupted else { return .end(.canceled) }
        guard self.shutGates < Self.mostShutGates else { return .end(.refused(.noCleanSession)) }
        self.shutGates += 1
        return .runAgain(inOrder: self.shutGates > 1)
    }

    /// The server canceled it: because we asked, because its time was over, or because a signal meant for another hit
    /// it.
    mutating func wasCanceled(_ canceled: Canceled) -> Verdict {
        if canceled.isInterrupted { return .end(.canceled) }
        if canceled.isOutOfTime { return .end(.timedOut) }
        guard canceled.mayBeRepeated, self.repetitions < Self.mostRepetitions else {
            return .end(.failed(canceled.error))
        }
        self.repetitions += 1
        // A deadline that was left behind in the session does that, too.
        return .runAgain(inOrder: self.repetitions > 1)
    }
}

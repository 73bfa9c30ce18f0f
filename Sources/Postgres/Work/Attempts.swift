/// How often a unit of work has run again, and whether it runs once more.
///
/// It runs again if it has not run at all, because its session was not clean; and if the server canceled it without a
/// request: a signal meant for the work before can hit the next one.
struct Attempts {
    /// The most times that work is sent to sessions that turn out not to be clean.
    static let mostShutGates = 8
    /// The most times that work runs again that the server canceled without a request.
    static let mostRepetitions = 5

    /// The further fate of the work.
    enum Verdict: Equatable {
        case end(WorkOutcome)
        /// It runs again.
        ///
        /// - Parameter inOrder: only in a session that has been put in order before.
        case runAgain(inOrder: Bool)
    }

    /// Facts about a canceled work, as far as the verdict depends on them.
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

    /// The server canceled it: by the sidecar's request, by its timeout, or by a signal meant for other work.
    mutating func wasCanceled(_ canceled: Canceled) -> Verdict {
        if canceled.isInterrupted { return .end(.canceled) }
        if canceled.isOutOfTime { return .end(.timedOut) }
        guard canceled.mayBeRepeated, self.repetitions < Self.mostRepetitions else {
            return .end(.failed(canceled.error))
        }
        self.repetitions += 1
        // A deadline that was left behind in the session has the same effect.
        return .runAgain(inOrder: self.repetitions > 1)
    }
}

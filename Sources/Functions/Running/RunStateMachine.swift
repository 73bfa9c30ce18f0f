/// One run of a function, from the first look-up of its definition to its end: whether it runs again, and by which
/// definition.
///
/// Its driver has the work that is on its way to the server. Events after its end are races: the look-up of a call that
/// was given up, an INTERRUPT that crossed the answer.
package struct RunStateMachine {
    private enum State {
        /// Nothing is on its way: the function is looked up, or the values are bound.
        case preparing(Attempts)
        case running(Attempts)
        /// Its result is useless: it runs to its end, and not again.
        case unwanted
        case over
    }

    /// The reaction to values that don't fit the function.
    package enum MisfitAction: Equatable {
        /// They may fit its present definition.
        case lookUp
        case fail
    }

    /// The reaction to a failure.
    package enum FailureAction: Equatable {
        case run
        case lookUp
        /// It is answered with the error.
        case fail
        /// The same; and the function is looked up again for later runs.
        case failAndLookUp
    }

    /// The reaction to an interrupt by the waiting party.
    package enum InterruptAction: Equatable {
        /// It is answered at once.
        case fail
        /// The work on its way is ended.
        case end
        case nothing
    }

    /// The reaction to the end of the session, after which there is nobody to answer.
    package enum AbandonAction: Equatable {
        /// Unsent work need not be sent.
        case withdraw
        case nothing
    }

    private let rules: RunRules
    private var state = State.preparing(Attempts())

    /// - Parameter rules: the reactions to failures.
    package init(_ rules: RunRules) {
        self.rules = rules
    }

    /// Whether it runs in a clean session.
    package var needsCleanSession: Bool {
        switch self.state {
        case .preparing(let attempts), .running(let attempts): attempts.needsCleanSession
        case .unwanted, .over: false
        }
    }

    /// The function has been looked up, or could not be.
    ///
    /// - Returns: whether an answer is still needed: then it runs now, or is answered with the fault.
    package mutating func lookedUp(isFound: Bool) -> Bool {
        switch self.state {
        case .preparing:
            if !isFound { self.state = .over }
            return true
        case .running, .unwanted, .over:
            return false
        }
    }

    /// The values don't fit the known definition of the function.
    ///
    /// - Parameter isOfCatalog: whether they may fit the present one.
    package mutating func doesNotFit(isOfCatalog: Bool) -> MisfitAction {
        switch self.state {
        case .preparing(var attempts):
            guard isOfCatalog, case .lookUp = attempts.next(after: .definition, self.rules) else { break }
            self.state = .preparing(attempts)
            return .lookUp
        case .running, .unwanted, .over:
            break
        }
        self.state = .over
        return .fail
    }

    /// It is on its way.
    package mutating func sent() {
        switch self.state {
        case .preparing(let attempts): self.state = .running(attempts)
        case .running, .unwanted, .over: break
        }
    }

    /// The server has refused it, or it failed.
    ///
    /// - Parameter isRepeatable: whether it has left no trace anywhere.
    package mutating func failed(_ verdict: Verdict, isRepeatable: Bool) -> FailureAction {
        switch self.state {
        case .running(var attempts) where isRepeatable:
            switch attempts.next(after: verdict, self.rules) {
            case .again:
                self.state = .preparing(attempts)
                return .run
            case .lookUp:
                self.state = .preparing(attempts)
                return .lookUp
            // Somebody waits for it: the rules of such runs have no pauses.
            case .wait, .giveUp:
                self.state = .over
                return .fail
            }
        case .running, .unwanted:
            self.state = .over
            return self.rules.looksForOthers && verdict.isDefinitionSuspected ? .failAndLookUp : .fail
        case .preparing, .over:
            self.state = .over
            return .fail
        }
    }

    /// It has ended in another way, after which it does not run again.
    package mutating func ended() {
        self.state = .over
    }

    /// Nobody waits for it any more.
    package mutating func interrupt() -> InterruptAction {
        switch self.state {
        case .preparing:
            self.state = .over
            return .fail
        case .running, .unwanted:
            self.state = .unwanted
            return .end
        case .over:
            return .nothing
        }
    }

    /// There is nobody to answer.
    package mutating func abandon() -> AbandonAction {
        switch self.state {
        case .preparing:
            self.state = .over
            return .nothing
        case .running, .unwanted:
            self.state = .unwanted
            return .withdraw
        case .over:
            return .nothing
        }
    }
}

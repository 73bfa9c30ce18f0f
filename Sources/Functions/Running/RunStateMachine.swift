/// One run of a function, from the first look at its definition to its end: whether it is run again, and as what.
///
/// Generic over what is on its way to the server, so that the rules can be tested without one. Whatever comes when it is over is a race: the look-up
/// of a call that was given up, an INTERRUPT that crossed the answer.
package struct RunStateMachine<Work> {
    private enum State {
        /// Nothing is on its way: the catalog is asked, or the values are bound.
        case preparing(Attempts)
        case running(Work, Attempts)
        /// Nobody wants its result: it runs to its end, and not again.
        case unwanted(Work)
        case over
    }

    /// What follows values that don't fit the function.
    package enum MisfitAction: Equatable {
        /// They may fit it as it is by now.
        case lookUp
        case fail
    }

    /// What follows a failure.
    package enum FailureAction: Equatable {
        case run
        case lookUp
        /// It is answered with the error.
        case fail
        /// The same; and the catalog is asked, for those that follow.
        case failAndLookUp
    }

    /// What follows the wish of whoever waits for it that it be ended.
    package enum InterruptAction {
        /// It is answered at once.
        case fail
        /// What is on its way is ended.
        case end(Work)
        case nothing
    }

    /// What follows the end of the session, in which nobody can be answered any more.
    package enum AbandonAction {
        /// What is on its way need not be sent, if it was not.
        case withdraw(Work)
        case nothing
    }

    private let rules: RunRules
    private var state = State.preparing(Attempts())

    /// - Parameter rules: what is done about what goes wrong.
    package init(_ rules: RunRules) {
        self.rules = rules
    }

    /// Whether it is run in a session that is clean.
    package var needsCleanSession: Bool {
        switch self.state {
        case .preparing(let attempts), .running(_, let attempts): attempts.needsCleanSession
        case .unwanted, .over: false
        }
    }

    /// The function has been looked up, or could not be.
    ///
    /// - Returns: whether somebody waits for it still: it is run now, or answered with why it can't be.
    package mutating func lookedUp(isFound: Bool) -> Bool {
        switch self.state {
        case .preparing:
            if !isFound { self.state = .over }
            return true
        case .running, .unwanted, .over:
            return false
        }
    }

    /// The values don't fit the function as it is known.
    ///
    /// - Parameter isOfCatalog: whether they may fit it as it is by now.
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
    package mutating func sent(_ work: Work) {
        switch self.state {
        case .preparing(let attempts): self.state = .running(work, attempts)
        case .running, .unwanted, .over: break
        }
    }

    /// The server has refused it, or failed at it.
    ///
    /// - Parameter isRepeatable: whether nothing of it is left anywhere.
    package mutating func failed(_ verdict: Verdict, isRepeatable: Bool) -> FailureAction {
        switch self.state {
        case .running(_, var attempts) where isRepeatable:
            switch attempts.next(after: verdict, self.rules) {
            case .again:
                self.state = .preparing(attempts)
                return .run
            case .lookUp:
                self.state = .preparing(attempts)
                return .lookUp
            // Somebody waits for it: the rules of such runs know no patience.
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

    /// It has ended in another way, after which it is not run again.
    package mutating func ended() {
        self.state = .over
    }

    /// Whoever waits for it does not any more.
    package mutating func interrupt() -> InterruptAction {
        switch self.state {
        case .preparing:
            self.state = .over
            return .fail
        case .running(let work, _), .unwanted(let work):
            self.state = .unwanted(work)
            return .end(work)
        case .over:
            return .nothing
        }
    }

    /// Nobody can be answered.
    package mutating func abandon() -> AbandonAction {
        switch self.state {
        case .preparing:
            self.state = .over
            return .nothing
        case .running(let work, _), .unwanted(let work):
            self.state = .unwanted(work)
            return .withdraw(work)
        case .over:
            return .nothing
        }
    }
}

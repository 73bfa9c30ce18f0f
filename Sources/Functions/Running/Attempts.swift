/// The attempts to have one run succeed, and the next one.
package struct Attempts: Sendable, Equatable {
    /// The fate of a run that did not succeed.
    package enum Next: Sendable, Equatable {
        /// It runs again.
        case again(failures: Int)
        /// It runs again when the server can.
        case wait
        /// The function is looked up again, and runs by its present definition.
        case lookUp
        /// It is given up, after so many attempts.
        case giveUp(attempts: Int)
    }

    private var failures = 0
    private var preparations = 0
    private var hasLookedUp = false
    /// It runs in a clean session.
    package private(set) var needsCleanSession = false

    /// None.
    package init() {}

    /// Their number, with the one that is given up.
    package var count: Int { self.failures + 1 }

    /// It has not succeeded.
    package mutating func next(after verdict: Verdict, _ rules: RunRules) -> Next {
        switch rules.remedy(for: verdict) {
        case .repetition:
            guard self.failures < rules.retries else { break }
            self.failures += 1
            return .again(failures: self.failures)
        case .patience:
            return .wait
        case .preparation:
            guard self.preparations < RunRules.mostPreparations else { break }
            self.preparations += 1
            return .again(failures: self.preparations)
        case .look:
            guard !self.hasLookedUp else { break }
            self.hasLookedUp = true
            return .lookUp
        case .cleanSession:
            guard !self.needsCleanSession else { break }
            self.needsCleanSession = true
            return .again(failures: self.failures)
        case .none:
            break
        }
        return .giveUp(attempts: self.count)
    }

    /// The function may change once more before it runs.
    package mutating func forgetLook() {
        self.hasLookedUp = false
    }
}

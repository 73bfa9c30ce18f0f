/// The reactions to a run that did not succeed: the differences between calls, events and results.
package struct RunRules: Sendable {
    /// The reaction to one verdict.
    package enum Remedy: Sendable {
        /// It is run again, so many times.
        case repetition
        /// It runs again when the server can, however often that takes: it is not at fault.
        case patience
        /// It has not run, and is sent again, a few times: its session is given up, and another one has the statement.
        case preparation
        /// The function is looked up again, once, and runs by its present definition.
        case look
        /// It runs once in a clean session: its own may not have been clean.
        case cleanSession
        /// It is over.
        case none
    }

    /// How often it is sent again because its statement was missing.
    static let mostPreparations = 5

    /// How often it runs again.
    package let retries: Int
    /// Whether the function is looked up again for later runs, if this one does not run again.
    package let looksForOthers: Bool
    private let remedies: [Verdict: Remedy]

    /// The reaction to a verdict.
    package func remedy(for verdict: Verdict) -> Remedy { self.remedies[verdict] ?? .none }

    /// Those of a call. Its caller waits, so there are no pauses; and functions that leave settings behind share its
    /// sessions.
    package static func call(retries: Int) -> RunRules {
        RunRules(retries: retries, looksForOthers: true, remedies: self.callRemedies)
    }

    /// Those of an event. It has time, and all settings are made ahead of it, so that a missing right means a wrong
    /// mapping.
    package static func event(retries: Int) -> RunRules {
        RunRules(retries: retries, looksForOthers: false, remedies: self.eventRemedies)
    }

    /// Those of a result of a call that a notification caused: it is delivered at most once.
    package static let result = RunRules(retries: 0, looksForOthers: false, remedies: Self.resultRemedies)

    private static let callRemedies: [Verdict: Remedy] = [
        .conflict: .repetition, .notPrepared: .preparation, .definition: .look, .right: .cleanSession,
        .encoding: .cleanSession,
    ]

    private static let eventRemedies: [Verdict: Remedy] = [
        .conflict: .repetition, .canceled: .repetition, .connectionLost: .repetition, .sessionEnded: .repetition,
        .startingUp: .patience, .readOnly: .patience, .diskFailing: .patience, .resourcesLacking: .patience,
        .notPrepared: .preparation, .definition: .look, .right: .look, .setting: .look,
    ]

    private static let resultRemedies: [Verdict: Remedy] = [.notPrepared: .preparation, .definition: .look]
}

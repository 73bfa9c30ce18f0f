/// What is done about a run that did not succeed: all in which calls, events and results differ.
package struct RunRules: Sendable {
    /// What is done about one verdict.
    package enum Remedy: Sendable {
        /// It is run again, so many times.
        case repetition
        /// It is run again when the server can, however often that takes: nothing is wrong with it.
        case patience
        /// The catalog is asked what the function is by now, once, and it is run as that.
        case look
        /// It is run in a session that is clean, once: something may have been left behind in its own.
        case cleanSession
        /// It is over.
        case none
    }

    /// How often it is run again.
    package let retries: Int
    /// Whether the catalog is asked for those that follow, where it is not run again itself.
    package let looksForOthers: Bool
    private let remedies: [Verdict: Remedy]

    /// What is done about a verdict.
    package func remedy(for verdict: Verdict) -> Remedy { self.remedies[verdict] ?? .none }

    /// A call's. Somebody waits for it, so nothing is waited for; and sessions are shared with functions that leave settings behind.
    package static func call(retries: Int) -> RunRules {
        RunRules(retries: retries, looksForOthers: true, remedies: self.callRemedies)
    }

    /// An event's. It has time, and everything is set ahead of it, so that rights are missing where a mapping is wrong.
    package static func event(retries: Int) -> RunRules {
        RunRules(retries: retries, looksForOthers: false, remedies: self.eventRemedies)
    }

    /// Those of the result of a call that a notification caused: it is delivered at most once.
    package static let result = RunRules(retries: 0, looksForOthers: false, remedies: Self.resultRemedies)

    private static let callRemedies: [Verdict: Remedy] = [
        .conflict: .repetition, .notPrepared: .look, .definition: .look, .right: .cleanSession,
        .encoding: .cleanSession,
    ]

    private static let eventRemedies: [Verdict: Remedy] = [
        .conflict: .repetition, .canceled: .repetition, .connectionLost: .repetition, .shuttingDown: .repetition,
        .startingUp: .patience, .readOnly: .patience, .diskFailing: .patience, .resourcesLacking: .patience,
        .notPrepared: .look, .definition: .look, .right: .look, .setting: .look,
    ]

    private static let resultRemedies: [Verdict: Remedy] = [.notPrepared: .look, .definition: .look]
}

/// How a call is canceled, and what an INTERRUPT asks for (advanced profile, "Call Canceling").
package enum CancelMode: String, Sendable, CaseIterable {
    /// The caller gets its ERROR at once, the callee works on.
    case skip
    /// The callee is interrupted, the caller gets what it answers.
    case kill
    /// The callee is interrupted, the caller gets its ERROR at once.
    case killnowait
}

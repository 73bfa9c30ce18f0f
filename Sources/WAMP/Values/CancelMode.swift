/// How a call is canceled, and what an INTERRUPT asks for (advanced profile, "Call Canceling").
package enum CancelMode: String, Sendable, CaseIterable {
    /// The caller gets its ERROR immediately, and the callee keeps working.
    case skip
    /// The callee is interrupted, and the caller gets its answer.
    case kill
    /// The callee is interrupted, and the caller gets its ERROR immediately.
    case killnowait
}

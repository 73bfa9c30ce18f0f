/// The legitimate races: messages that are nobody's fault and mean nothing any more.
package enum SilentDrop: String, Sendable, Hashable, CaseIterable {
    /// The answer to a request that we gave up, or that was answered before.
    case lateAnswer = "late_answer"
    /// The answer to a request that was never made.
    case unknownAnswer = "unknown_answer"
    /// A part of a result that was to come whole: a callee's doing, which some routers pass on. The whole follows.
    case unaskedProgress = "unasked_progress"
    /// An event that was on its way when we unsubscribed.
    case eventAfterUnsubscribe = "event_after_unsubscribe"
    /// A revocation of what we have just given back.
    case lateRevocation = "late_revocation"
    /// Anything that was on its way when we said GOODBYE.
    case afterGoodbye = "after_goodbye"
    /// Anything after the session's end.
    case afterEnd = "after_end"
    /// An ERROR for what can't fail: some routers answer CANCEL with one.
    case strayError = "stray_error"
    /// A router's own extension.
    case unknownExtension = "unknown_extension"
}

/// The legitimate races: messages that are no longer relevant, through nobody's fault.
package enum SilentDrop: String, Sendable, Hashable, CaseIterable {
    /// The answer to a request that we gave up, or that was answered before.
    case lateAnswer = "late_answer"
    /// The answer to a request that was never made.
    case unknownAnswer = "unknown_answer"
    /// A part of a result that was not asked for in parts: some routers pass it on when a callee sends it. The whole
    /// result follows.
    case unaskedProgress = "unasked_progress"
    /// An event that was on its way when we unsubscribed.
    case eventAfterUnsubscribe = "event_after_unsubscribe"
    /// A revocation of something that we have just given back.
    case lateRevocation = "late_revocation"
    /// Anything that was on its way when we said GOODBYE.
    case afterGoodbye = "after_goodbye"
    /// Anything after the session's end.
    case afterEnd = "after_end"
    /// An ERROR for a request that can't fail: some routers answer CANCEL with one.
    case strayError = "stray_error"
    /// A router's own extension.
    case unknownExtension = "unknown_extension"
}

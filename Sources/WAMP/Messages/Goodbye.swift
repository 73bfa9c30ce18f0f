package import Names

/// Ends a session in good order, and answers the other's GOODBYE: `[6, details, reason]`.
package struct Goodbye: Sendable, Equatable {
    /// `message` may say more, for people.
    package var details: Details
    /// A URI such as those of ``CloseReason``, as received: not checked.
    package var reason: String

    /// Takes the elements in the order of the message.
    package init(details: Details, reason: String) {
        self.details = details
        self.reason = reason
    }

    /// One with a reason of ours.
    package init(reason: URI) {
        self.init(details: .empty, reason: reason.text)
    }
}

package import Names

/// Ends a session in good order, and answers the other side's GOODBYE: `[6, details, reason]`.
package struct Goodbye: Sendable, Equatable {
    /// `message` may say more, for people.
    package var details: Details
    /// A URI such as those of ``CloseReason``, unchecked as received.
    package var reason: String

    /// Takes the elements in the order of the message.
    package init(details: Details, reason: String) {
        self.details = details
        self.reason = reason
    }

    /// A GOODBYE with a reason of ours.
    package init(reason: URI) {
        self.init(details: .empty, reason: reason.text)
    }
}

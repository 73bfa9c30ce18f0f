import Names

/// Breaks a session off, or refuses it: `[3, details, reason, arguments?, keywordArguments?]`. It is never answered.
package struct Abort: Sendable, Equatable {
    /// `message` explains it to people.
    package var details: Details
    /// An error URI, unchecked as received.
    package var reason: String
    /// Newer routers may send a payload; we do not.
    package var payload: Payload

    /// Takes the elements in the order of the message.
    package init(details: Details, reason: String, payload: Payload = .empty) {
        self.details = details
        self.reason = reason
        self.payload = payload
    }

    /// The ABORT that we send on a protocol violation, with an explanation for people.
    package static func protocolViolation(_ message: String) -> Abort {
        Abort(details: Details(["message": .string(message)]), reason: WAMPError.protocolViolation.text)
    }

    /// The explanation for people, if there is one.
    package var message: String? { self.details.string("message") }
}

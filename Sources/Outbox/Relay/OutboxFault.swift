import Names
import WAMP

/// Why a row of the outbox can't be sent as it is.
struct OutboxFault: Equatable {
    /// The error's URI, for the dead letter.
    let error: String
    /// The fault, for people.
    let message: String
    /// Whether it may pass with time.
    let isMomentary: Bool

    private init(_ error: URI, _ message: String, isMomentary: Bool = false) {
        self.error = error.text
        self.message = message
        self.isMomentary = isMomentary
    }

    /// Takes the fault column of `relay_read`: a SQLSTATE, a space, a text.
    init(_ text: String) {
        let message = String(text.dropFirst(6))
        switch text.prefix(2) {
        // A limit is exceeded: of the message, or of a text.
        case "54": self.init(WAMPError.payloadSizeExceeded, message)
        // The value is not the cause: no memory, no room on the disk, a page that can't be read.
        case "53", "58", "XX": self.init(WAMPError.unavailable, message, isMomentary: true)
        default: self.init(WAMPError.invalidPayload, message)
        }
    }

    /// The row differs from all that `publish()` makes.
    static func malformed(_ message: String) -> OutboxFault {
        OutboxFault(WAMPError.invalidArgument, message)
    }
}

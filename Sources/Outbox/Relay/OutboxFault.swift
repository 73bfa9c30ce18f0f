import Names
import WAMP

/// Why a row of the outbox can't be sent as it is.
struct OutboxFault: Equatable {
    /// The error's URI, for the dead letter.
    let error: String
    /// What is wrong, for people.
    let message: String
    /// Whether it may be gone at another time.
    let isMomentary: Bool

    private init(_ error: URI, _ message: String, isMomentary: Bool = false) {
        self.error = error.text
        self.message = message
        self.isMomentary = isMomentary
    }

    /// Takes what `relay_read` says: a SQLSTATE, a space, what is wrong.
    init(_ text: String) {
        let message = String(text.dropFirst(6))
        switch text.prefix(2) {
        // Beyond a limit: of the message, or of what a text can be.
        case "54": self.init(WAMPError.payloadSizeExceeded, message)
        // Nothing that the value is to blame for: no memory, no room on the disk, a page that can't be read.
        case "53", "58", "XX": self.init(WAMPError.unavailable, message, isMomentary: true)
        default: self.init(WAMPError.invalidPayload, message)
        }
    }

    /// The row is none that `publish()` would have made.
    static func malformed(_ message: String) -> OutboxFault {
        OutboxFault(WAMPError.invalidArgument, message)
    }
}

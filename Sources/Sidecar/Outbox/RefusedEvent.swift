import WAMP
import WAMPClient

/// What becomes of an event that the router did not take.
enum RefusedEvent {
    /// It will never be taken.
    case forGood
    /// It may be taken later.
    case forTheMoment
    /// Nothing is known: the session ended.
    case unknown

    /// What no repetition will change.
    private static let final: Set<String> = [
        "wamp.error.not_authorized", "wamp.error.authorization_denied", "wamp.error.invalid_uri",
        "wamp.error.invalid_topic", "wamp.error.invalid_argument", "wamp.error.payload_size_exceeded",
        "wamp.error.option_not_allowed", "wamp.error.disclose_me.disallowed",
        "wamp.error.option_disallowed.disclose_me",
    ]

    init(_ error: RequestError) {
        switch error.code {
        case .tooLarge, .unsupported: self = .forGood
        case .refused: self = Self.final.contains(error.uri) ? .forGood : .forTheMoment
        case .sessionClosed, .timeout, .canceled, .notHeld, .answerLost: self = .unknown
        }
    }
}

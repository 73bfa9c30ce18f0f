import WAMP
import WAMPClient

/// The router's answer about an event.
enum PublishAnswer: Equatable {
    /// It has accepted the event.
    case taken
    /// It has refused the event; if that is final it always will.
    case refused(error: String, message: String, isFinal: Bool)
    /// None, in all the time that it had.
    case silence
    /// Unknown: the session ended.
    case unknown

    /// Errors that no repetition will change.
    private static let final: Set<String> = [
        "wamp.error.not_authorized", "wamp.error.authorization_denied", "wamp.error.invalid_uri",
        "wamp.error.invalid_topic", "wamp.error.invalid_argument", "wamp.error.payload_size_exceeded",
        "wamp.error.option_not_allowed", "wamp.error.disclose_me.disallowed",
        "wamp.error.option_disallowed.disclose_me",
    ]

    init(_ result: Result<PublicationID, RequestError>) {
        switch result {
        case .success: self = .taken
        case .failure(let error): self.init(error)
        }
    }

    private init(_ error: RequestError) {
        switch error.code {
        case .tooLarge, .unsupported: self = .refused(error: error.uri, message: error.message, isFinal: true)
        case .refused:
            self = .refused(error: error.uri, message: error.message, isFinal: Self.final.contains(error.uri))
        case .timeout: self = .silence
        case .sessionClosed, .canceled, .notHeld, .answerLost: self = .unknown
        }
    }
}

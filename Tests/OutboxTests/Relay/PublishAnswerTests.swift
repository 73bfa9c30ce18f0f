import TestChecks
import Testing
import WAMP

@testable import Outbox
@testable import WAMPClient

@Suite("The router's answer about an event")
struct PublishAnswerTests {
    @Test("accepted")
    func taken() {
        check(PublishAnswer(.success(PublicationID(checked: 7))), .taken)
    }

    @Test(
        "it never takes it, does not take it now, or says nothing",
        arguments: [
            (.refused, "wamp.error.not_authorized", true), (.refused, "wamp.error.invalid_uri", true),
            (.refused, "wamp.error.payload_size_exceeded", true), (.refused, "wamp.error.unavailable", false),
            (.refused, "com.example.mood", false), (.tooLarge, "a", true), (.unsupported, "a", true),
        ] as [(RequestError.Code, String, Bool)])
    func refused(code: RequestError.Code, uri: String, isFinal: Bool) {
        check(
            PublishAnswer(.failure(RequestError(code, uri: uri, message: "no"))),
            .refused(error: uri, message: "no", isFinal: isFinal))
    }

    @Test(
        "it says nothing in time, or can't any more",
        arguments: [
            (.timeout, .silence), (.sessionClosed, .unknown), (.canceled, .unknown), (.notHeld, .unknown),
            (.answerLost, .unknown),
        ] as [(RequestError.Code, PublishAnswer)])
    func silent(code: RequestError.Code, expected: PublishAnswer) {
        check(PublishAnswer(.failure(RequestError(code, uri: "wamp.error.not_authorized", message: "no"))), expected)
    }
}

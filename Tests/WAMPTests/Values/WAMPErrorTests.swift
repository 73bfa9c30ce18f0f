import Testing

@testable import WAMP

@Suite struct WAMPErrorTests {
    @Test(arguments: [
        "wamp.error.not_authorized", "wamp.error.authentication_failed", "wamp.error.authentication_denied",
        "wamp.error.authorization_failed", "wamp.error.no_auth_method", "wamp.error.no_matching_auth_method",
        "wamp.error.no_such_principal", "wamp.error.no_such_role",
    ])
    func credentials(reason: String) {
        #expect(WAMPError.isAboutCredentials(reason))
    }

    @Test(arguments: ["wamp.error.no_such_realm", "wamp.error.protocol_violation", "wamp.close.killed", ""])
    func otherReasons(reason: String) {
        #expect(!WAMPError.isAboutCredentials(reason))
    }

    @Test func bothSpellings() {
        #expect(WAMPError.isCanceled("wamp.error.canceled"))
        #expect(WAMPError.isCanceled("wamp.error.cancelled"))
        #expect(!WAMPError.isCanceled("wamp.error.timeout"))
    }
}

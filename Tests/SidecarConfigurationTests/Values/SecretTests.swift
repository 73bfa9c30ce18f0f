import Testing

@testable import SidecarConfiguration

@Suite struct SecretTests {
    @Test func showsNothing() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        dump([AuthenticationSettings.Credentials.ticket(authid: "me", ticket: secret)], to: &dumped)
        #expect("\(secret) \(String(reflecting: secret)) \(Optional(secret) as Any)".contains("<redacted>"))
        #expect(!"\(secret) \(String(reflecting: secret)) \(Optional(secret) as Any) \(dumped)".contains("hunter2"))
        #expect(secret.reveal() == "hunter2")
    }
}

import NIOCore
import Testing

@testable import WAMP

@Suite struct WelcomeTests {
    private let welcome = Welcome(
        session: id(1),
        details: Details(
            text: ByteBuffer(
                string: """
                    {"agent":"Crossbar.io-26","realm":"r","authid":"a","authrole":"b","authmethod":"ticket",
                    "roles":{"dealer":{"features":{"call_cancelling":true,"call_timeout":false,"x":1}},
                    "broker":{"features":{"event_retention":true}}}}
                    """)))

    @Test func features() {
        #expect(self.welcome.announces("event_retention", role: .broker))
        #expect(!self.welcome.announces("event_retention", role: .dealer))
        #expect(!self.welcome.announces("call_timeout", role: .dealer))
        #expect(!self.welcome.announces("x", role: .dealer))
        #expect(self.welcome.announces("call_canceling", role: .dealer))
        #expect(!self.welcome.announces("call_canceling", role: .broker))
        #expect(!Welcome(session: id(1)).announces("event_retention", role: .broker))
    }

    @Test func whoWeAre() {
        #expect(self.welcome.agent == "Crossbar.io-26")
        #expect(self.welcome.realm == "r")
        #expect(self.welcome.authid == "a")
        #expect(self.welcome.authrole == "b")
        #expect(self.welcome.authmethod == "ticket")
        #expect(Welcome(session: id(1)).realm == nil)
    }
}

import NIOCore
import Testing
import WAMP

@testable import Sidecar

@Suite("What a function is told of an event")
struct EventDetailsTests {
    private static func text(_ details: String, topic: String = "com.example.t") -> String {
        let event = Event(
            subscription: SubscriptionID(checked: 1), publication: PublicationID(checked: 77),
            details: Details(text: ByteBuffer(string: details)))
        return String(buffer: EventDetails.make(event, topic: topic).details.text)
    }

    @Test("the topic is the router's, or what was subscribed to")
    func topic() {
        #expect(Self.text("{}") == #"{"topic":"com.example.t","publication":77}"#)
        #expect(
            Self.text(#"{"topic":"com.example.t.deep"}"#) == #"{"topic":"com.example.t.deep","publication":77}"#)
        #expect(Self.text("{}", topic: "a\"b") == #"{"topic":"a\"b","publication":77}"#)
    }

    @Test("what is disclosed is passed on, and nothing else of the router's")
    func disclosed() {
        #expect(
            Self.text(#"{"publisher": 5, "publisher_authid": "p", "publisher_authrole":"r","retained":true,"x_y":1}"#)
                == #"{"topic":"com.example.t","publication":77,"publisher":5,"publisher_authid":"p","#
                + #""publisher_authrole":"r","retained":true}"#)
    }

    @Test("what jsonb does not take is left out")
    func withNUL() {
        #expect(Self.text(#"{"publisher_authid":"a\u0000"}"#) == #"{"topic":"com.example.t","publication":77}"#)
    }
}

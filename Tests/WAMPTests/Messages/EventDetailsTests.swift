import NIOCore
import Testing

@testable import WAMP

@Suite("What a function learns of an event")
struct EventDetailsTests {
    private static func text(_ details: String, topic: String = "com.example.t") -> String {
        let facts = EventFacts(Details(text: ByteBuffer(string: details)))
        let made = EventDetails.make(facts, publication: PublicationID(checked: 77), topic: topic)
        return String(buffer: made.details.text)
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

    @Test("the router's topic is what counts, of several equal keys the last")
    func equalKeys() {
        let details = Details(text: ByteBuffer(string: #"{"topic":"a","t\u006fpic":"b.\u0063","retained":false}"#))
        #expect(EventFacts(details).topic == "b.c")
        #expect(
            Self.text(#"{"topic":"a","topic":5,"publisher":1,"publisher":2}"#)
                == #"{"topic":"com.example.t","publication":77,"publisher":2}"#)
        #expect(Self.text("{ }") == Self.text("{}"))
    }

    @Test("what jsonb does not take is left out")
    func withNUL() {
        #expect(Self.text(#"{"publisher_authid":"a\u0000"}"#) == #"{"topic":"com.example.t","publication":77}"#)
    }
}

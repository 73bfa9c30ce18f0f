import NIOCore
import Testing
import WAMP

@testable import ClientCommands
@testable import WAMPClient

@Suite struct ClientLineTests {
    private static func payload(_ args: String?, _ kwargs: String? = nil) -> Payload {
        Payload(
            arguments: args.map { ByteBuffer(string: $0) }, keywordArguments: kwargs.map { ByteBuffer(string: $0) })
    }

    private static func refused(_ uri: String, _ payload: Payload = .empty) -> RequestError {
        .refused(ErrorMessage(requestKind: .call, request: RequestID(checked: 1), uri: uri, payload: payload))
    }

    private func result(_ args: String?, _ kwargs: String? = nil, details: String = "{}") throws -> String {
        let request = try #require(RequestID(1))
        return String(
            buffer: ClientLine.result(
                CallResult(
                    request: request, details: Details(text: ByteBuffer(string: details)),
                    payload: Self.payload(args, kwargs))))
    }

    @Test func results() throws {
        #expect(try self.result(nil) == "{\"args\":[],\"kwargs\":{}}\n")
        #expect(try self.result("[1, 2]", #"{"a":null}"#) == "{\"args\":[1, 2],\"kwargs\":{\"a\":null}}\n")
        #expect(
            try self.result("[1]", details: #"{"progress":true}"#) == "{\"progress\":true,\"args\":[1],\"kwargs\":{}}\n"
        )
    }

    /// JSON may be spread over lines; a printed value takes one line.
    @Test func lineBreaks() throws {
        #expect(try self.result("[1,\r\n 2]", "{\n}") == "{\"args\":[1,   2],\"kwargs\":{ }}\n")
        #expect(try self.result(#"["a\nb"]"#) == "{\"args\":[\"a\\nb\"],\"kwargs\":{}}\n")
    }

    @Test func events() throws {
        let subscription = try #require(SubscriptionID(1))
        let publication = try #require(PublicationID(22))
        func line(_ details: String) -> String {
            String(
                buffer: ClientLine.event(
                    Event(
                        subscription: subscription, publication: publication,
                        details: Details(text: ByteBuffer(string: details)), payload: Self.payload("[1]")),
                    topic: "com.a"))
        }
        #expect(line("{}") == #"{"topic":"com.a","publication":22,"args":[1],"kwargs":{}}"# + "\n")
        #expect(
            line(#"{"topic":"com.a\"b","publisher":5,"publisher_authid":"joe","x":1,"retained":true}"#)
                == #"{"topic":"com.a\"b","publication":22,"publisher":5,"publisher_authid":"joe","retained":true,"#
                + #""args":[1],"kwargs":{}}"# + "\n")
        #expect(String(buffer: ClientLine.publication(publication)) == "{\"publication\":22}\n")
    }

    @Test func errors() {
        let own = Self.refused("com.error.own", Self.payload(#"["x"]"#, #"{"left":0}"#))
        #expect(ClientLine.text(own) == #"com.error.own {"args":["x"],"kwargs":{"left":0}}"#)
        #expect(
            String(buffer: ClientLine.error(own))
                == #"{"error":"com.error.own","args":["x"],"kwargs":{"left":0}}"# + "\n")
        #expect(ClientLine.text(Self.refused("com.error.own")) == "com.error.own")
        #expect(ClientLine.text(.timeout) == "wamp.error.timeout: no answer in time; the outcome is unknown")
        #expect(
            String(buffer: ClientLine.error(.timeout))
                == #"{"error":"wamp.error.timeout","args":["no answer in time; the outcome is unknown"],"kwargs":{}}"#
                + "\n"
        )
    }

    /// A text that is not a URI is shown without characters that a terminal would obey.
    @Test func hostileErrors() {
        let text = ClientLine.text(Self.refused("com.\u{1B}[2J\nerror"))
        #expect(!text.contains("\u{1B}") && !text.contains("\n"))
    }
}

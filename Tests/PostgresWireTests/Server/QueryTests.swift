import NIOCore
import PostgresClientEnd
import Testing

@testable import PostgresWire

@Suite("Queries of a session")
struct QueryTests {
    @Test("a query and its row")
    func row() throws {
        let server = try TestServer.ready(answersAtOnce: false)
        server.receive(ClientEnd.query(#"{"call": "é"}"#))
        #expect(server.queries == [#"{"call": "é"}"#])
        #expect(server.types.isEmpty)
        server.complete("[1]")
        let messages = server.takeMessages()
        #expect(String(messages.map(\.type)) == "TDCZ")
        #expect(messages[0].columns == ["args:3802", "kwargs:25"])
        #expect(messages[1].values == ["[1]", nil])
        #expect(messages[2].texts == ["SELECT 1"])
        #expect(messages[3].body == [UInt8(ascii: "I")])
    }

    @Test("an error, its fields, and the next query")
    func error() throws {
        let server = try TestServer.ready(answersAtOnce: false)
        server.receive(ClientEnd.query("x"))
        server.fail(WireError("WA000", "com.example.error", detail: "a\0b", hint: "h"))
        let messages = server.takeMessages()
        #expect(String(messages.map(\.type)) == "EZ")
        #expect(
            messages[0].fields
                == ["S": "ERROR", "V": "ERROR", "C": "WA000", "M": "com.example.error", "D": "a\u{FFFD}b", "H": "h"])
        server.receive(ClientEnd.query("y"))
        server.complete("")
        #expect(server.types == "TDCZ")
    }

    @Test("an error that ends the session")
    func fatal() throws {
        let server = try TestServer.ready(answersAtOnce: false)
        server.receive(ClientEnd.query("x") + ClientEnd.query("y"))
        server.fail(WireError(.fatal, "57P01", "terminating connection"))
        #expect(server.types == "E")
        #expect(server.queries == ["x"])
        server.complete("late")
        #expect(server.types == "E")
    }

    @Test("messages that arrive early wait, in order")
    func ahead() throws {
        let server = try TestServer.ready(answersAtOnce: false)
        server.receive(ClientEnd.query("1") + ClientEnd.query("2") + ClientEnd.message("S") + ClientEnd.query("3"))
        #expect(server.queries == ["1"])
        server.complete("a")
        #expect(server.queries == ["1", "2"])
        server.complete("b")
        #expect(server.queries == ["1", "2", "3"])
        #expect(server.types == "TDCZTDCZZ")
        server.complete("c")
        server.receive(ClientEnd.message("X") + ClientEnd.query("4"))
        #expect(server.end == .terminated)
        #expect(server.queries.count == 3)
    }

    @Test("too many early messages end the session")
    func tooMuchAhead() throws {
        let server = try TestServer.ready(limits: WireLimits(waiting: 100), answersAtOnce: false)
        server.receive(ClientEnd.query("1") + [UInt8](repeating: 0x51, count: 100))
        #expect(server.end == nil)
        server.receive([0])
        #expect(server.messages.last?.fields["C"] == "54000")
        #expect(server.unreadOctets == 0)
    }

    @Test("a query that is too long is refused, and the next one is not")
    func tooLong() throws {
        let server = try TestServer.ready(limits: WireLimits(query: 20))
        server.receive(ClientEnd.query(String(repeating: "x", count: 19)))
        #expect(server.queries.count == 1)
        server.receive(ClientEnd.query(String(repeating: "x", count: 20)) + ClientEnd.query("y"))
        #expect(server.queries.last == "y")
        #expect(server.types == "TDCZEZTDCZ")
        #expect(server.messages[4].fields["C"] == "54000")
        server.receive(ClientEnd.message("P", [UInt8](repeating: 0, count: 21)))
        #expect(server.messages.last?.fields["S"] == "FATAL")
    }

    @Test("the memory of a long query is released after it")
    func memory() throws {
        let server = try TestServer.ready()
        let query = ClientEnd.query(String(repeating: "x", count: 100_000))
        for part in stride(from: 0, to: query.count, by: 10_000) {
            server.receive(Array(query[part..<min(part + 10_000, query.count)]))
        }
        #expect(server.queries.first?.utf8.count == 100_000)
        #expect(server.unreadOctets == 0)
    }

    @Test(
        "statements that client libraries send",
        arguments: [
            ("", "IZ"), (" \n;; ", "IZ"), ("set client_encoding to 'utf8'", "CZ"),
            ("SET CLIENT_ENCODING = \"UTF-8\";", "CZ"),
            ("set session client_encoding to UNICODE", "CZ"), ("set names 'UTF8'", "CZ"),
            ("set client_encoding to default", "CZ"), ("set client_encoding to 'LATIN1'", "EZ"),
            ("set client_encoding to 'SQL_ASCII'", "EZ"), ("set client_encoding", "TDCZ"),
            ("set client_encoding to 'utf8' 'x'", "TDCZ"), ("set datestyle to iso", "TDCZ"), ("=", "TDCZ"),
        ])
    func own(text: String, types: String) throws {
        let server = try TestServer.ready()
        server.receive(ClientEnd.query(text))
        #expect(server.types == types)
        #expect(server.queries.isEmpty == (types != "TDCZ"))
    }

    @Test("a session with another encoding gets only the reason, until it has the right one")
    func otherEncoding() throws {
        let server = try TestServer.ready()
        server.receive(ClientEnd.query("set client_encoding to 'LATIN1'") + ClientEnd.query("x"))
        #expect(server.types == "EZEZ")
        #expect(server.messages[2].fields["C"] == "22023")
        #expect(server.messages[2].fields["M"]?.contains("LATIN1") == true)
        _ = server.takeMessages()
        server.receive(ClientEnd.query("set client_encoding to 'UTF8'") + ClientEnd.query("x"))
        #expect(server.types == "CZTDCZ")
    }

    @Test("the extended protocol: one error, then nothing up to Sync")
    func extended() throws {
        let server = try TestServer.ready()
        server.receive(
            ClientEnd.message("P", [0, 0, 0, 0]) + ClientEnd.message("B", [1]) + ClientEnd.message("D")
                + ClientEnd.message("E") + ClientEnd.message("H") + ClientEnd.query("lost") + ClientEnd.message("F")
                + ClientEnd.message("S") + ClientEnd.query("x"))
        #expect(server.types == "EZTDCZ")
        #expect(server.messages[0].fields["C"] == "0A000")
        #expect(server.queries == ["x"])
    }

    @Test("refusals and violations")
    func others() throws {
        let server = try TestServer.ready()
        server.receive(ClientEnd.message("F", [0]) + ClientEnd.message("H") + ClientEnd.query("x"))
        #expect(server.types == "EZTDCZ")
        for bytes in [
            ClientEnd.message("d"), ClientEnd.message("c"), ClientEnd.message("f"), ClientEnd.message("p"),
            ClientEnd.message("x"), [0], ClientEnd.message("Q"), ClientEnd.message("Q", [65]),
            ClientEnd.message("Q", [65, 0, 65, 0]), [0x51, 0, 0, 0, 3], [0x51, 0xFF, 0xFF, 0xFF, 0xFF],
        ] as [[UInt8]] {
            let server = try TestServer.ready()
            server.receive(bytes)
            #expect(server.types == "E", "\(bytes)")
            #expect(server.messages.first?.fields["C"] == "08P01")
            #expect(server.messages.first?.fields["S"] == "FATAL")
            #expect(server.end != nil)
        }
    }

    @Test(
        "text that is not UTF-8",
        arguments: [[0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]] as [[UInt8]])
    func encoding(bytes: [UInt8]) throws {
        let server = try TestServer.ready()
        server.receive(ClientEnd.message("Q", bytes + [0]) + ClientEnd.query("x"))
        #expect(server.types == "EZTDCZ")
        #expect(server.messages[0].fields["C"] == "22021")
        #expect(server.queries == ["x"])
    }
}

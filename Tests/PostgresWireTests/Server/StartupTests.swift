import NIOCore
import PostgresClientEnd
import Testing

@testable import PostgresWire

@Suite("From the first packet to the session")
struct StartupTests {
    @Test("libpq's way: no TLS, no GSS, startup, SCRAM")
    func usual() throws {
        let server = try TestServer()
        server.receive(ClientEnd.request(80_877_104))
        server.receive(ClientEnd.request(80_877_103))
        #expect(server.types == "NN")
        try server.logIn()
        #expect(server.end == nil)
        #expect(server.isAuthenticated)
        let messages = server.messages
        #expect(String(messages.prefix(6).map(\.type)) == "NNRRRR")
        #expect(messages[2].body == [0, 0, 0, 10] + Array("SCRAM-SHA-256\0\0".utf8))
        #expect(messages[5].body == [0, 0, 0, 0])
        let parameters = messages.filter { $0.type == "S" }.map(\.texts)
        #expect(parameters.contains(["server_version", "15.0 (wamp-sidecar)"]))
        #expect(parameters.contains(["client_encoding", "UTF8"]))
        #expect(parameters.contains(["standard_conforming_strings", "on"]))
        #expect(Array(messages.suffix(2).map(\.type)) == ["K", "Z"])
        #expect(messages[messages.count - 2].body.prefix(4) == [0, 0, 0, 7])
    }

    @Test("the server proves itself too")
    func serverProof() throws {
        let server = try TestServer()
        let client = ScramClient(password: "secret")
        server.receive(ClientEnd.startup())
        server.receive(ClientEnd.saslInitial(client.first))
        let challenge = try #require(server.messages.last).body.dropFirst(4)
        let (message, signature) = try client.final(for: Array(challenge))
        server.receive(ClientEnd.message("p", message))
        #expect(server.messages[2].body == [0, 0, 0, 12] + signature)
    }

    @Test("a client may leave out the initial response")
    func noInitialResponse() throws {
        let server = try TestServer()
        let client = ScramClient(password: "secret")
        server.receive(ClientEnd.startup() + ClientEnd.saslInitial(nil))
        #expect(server.messages.last?.body == [0, 0, 0, 11])
        server.receive(ClientEnd.message("p", client.first))
        let challenge = try #require(server.messages.last).body.dropFirst(4)
        server.receive(ClientEnd.message("p", try client.final(for: Array(challenge)).message))
        #expect(server.isAuthenticated)
    }

    @Test("a wrong password and an unknown user differ only in the name")
    func refused() throws {
        let wrong = try TestServer()
        try wrong.logIn(password: "guess")
        let nobody = try TestServer()
        try nobody.logIn(user: "nobody")
        for (server, user) in [(wrong, "wamp"), (nobody, "nobody")] {
            #expect(server.types == "RRE")
            #expect(server.end == .authenticationFailed(user: user))
            #expect(!server.isAuthenticated)
            #expect(
                server.messages[2].fields
                    == [
                        "S": "FATAL", "V": "FATAL", "C": "28P01",
                        "M": "password authentication failed for user \"\(user)\"",
                    ])
        }
        #expect(wrong.messages[1].body.count == nobody.messages[1].body.count)
        // The salt of a name is always the same, whether it belongs to a user or not.
        let again = try TestServer()
        try again.logIn(user: "nobody")
        #expect(again.messages[1] == nobody.messages[1])
    }

    @Test("a newer minor version, and options of the protocol: the server names what it has, and admits")
    func negotiation() throws {
        for (code, parameters, unknown) in [
            (UInt32(0x0003_0002), [("user", "wamp")], []),
            (UInt32(0x0003_0000), [("user", "wamp"), ("_pq_.dance", "on")], ["_pq_.dance"]),
            (UInt32(0x0003_270F), [("user", "wamp"), ("_pq_.a", "1"), ("_pq_.b", "2")], ["_pq_.a", "_pq_.b"]),
        ] {
            let server = try TestServer()
            server.receive(ClientEnd.startup(parameters, code: code))
            #expect(server.types == "vR")
            var body = ByteBuffer(bytes: server.messages[0].body)
            #expect(body.readInteger(as: Int32.self) == 0x0003_0000)
            #expect(body.readInteger(as: Int32.self) == Int32(unknown.count))
            #expect(String(buffer: body) == unknown.map { $0 + "\0" }.joined())
        }
    }

    @Test("the connection of a cancel request is closed without an answer")
    func cancel() throws {
        for key in [4, 32] {
            let server = try TestServer()
            server.receive(ClientEnd.request(80_877_102, [UInt8](repeating: 1, count: 4 + key)))
            #expect(server.end == .cancelRequest)
            #expect(server.types.isEmpty)
        }
    }

    @Test("one client too many gets the reason after authentication")
    func refusal() throws {
        let server = try TestServer(refusal: WireError(.fatal, "53300", "too many connections"))
        try server.logIn()
        #expect(server.isAuthenticated)
        #expect(server.user == "wamp")
        #expect(server.types == "RRRRE")
        #expect(server.messages.last?.fields["C"] == "53300")
        #expect(server.end == .failed(WireError(.fatal, "53300", "too many connections")))
    }

    @Test(
        "encodings",
        arguments: [
            ("UTF8", true), ("utf-8", true), ("Unicode", true), ("SQL_ASCII", true), ("LATIN1", false), ("", false),
        ])
    func encodings(name: String, isTaken: Bool) throws {
        let server = try TestServer()
        server.receive(ClientEnd.startup([("user", "wamp"), ("client_encoding", name)]))
        #expect(server.types == (isTaken ? "R" : "E"))
        if !isTaken { #expect(server.messages[0].fields["C"] == "22023") }
    }

    @Test(
        "malformed packets",
        arguments: [
            ("too short", [0, 0, 0, 7, 0, 3, 0], "08P01"), ("negative", [0xFF, 0, 0, 0], "08P01"),
            ("HTTP", Array("GET / HTTP/1.1\r\n\r\n".utf8), "08P01"),
            ("too long", [0, 0, 0x27, 0x11], "08P01"),
            ("version 2", ClientEnd.startup(code: 2 << 16), "0A000"),
            ("version 4", ClientEnd.startup(code: 4 << 16), "0A000"),
            ("no user", ClientEnd.startup([]), "28000"),
            ("replication", ClientEnd.startup([("user", "wamp"), ("replication", "database")]), "0A000"),
            ("no end", ClientEnd.packet([0, 3, 0, 0] + Array("user\0wamp\0".utf8)), "08P01"),
            ("no value", ClientEnd.packet([0, 3, 0, 0] + Array("user\0".utf8)), "08P01"),
            ("no NUL", ClientEnd.packet([0, 3, 0, 0] + Array("user".utf8)), "08P01"),
            ("rest", ClientEnd.packet([0, 3, 0, 0] + Array("user\0wamp\0\0x\0".utf8)), "08P01"),
            ("nothing", ClientEnd.packet([0, 3, 0, 0]), "08P01"),
            ("TLS with more", ClientEnd.request(80_877_103, [1]), "08P01"),
            ("TLS twice", ClientEnd.request(80_877_103) + ClientEnd.request(80_877_103), "08P01"),
            ("cancel without key", ClientEnd.request(80_877_102), "08P01"),
            ("a query before the password", ClientEnd.startup() + ClientEnd.query("x"), "08P01"),
            (
                "another mechanism",
                ClientEnd.startup() + ClientEnd.saslInitial(Array("n,,n=,r=a".utf8), mechanism: "SCRAM-SHA-1"), "08P01"
            ),
            ("a password", ClientEnd.startup() + ClientEnd.message("p", Array("secret\0".utf8)), "08P01"),
            (
                "a response of the wrong length",
                ClientEnd.startup() + ClientEnd.message("p", Array("SCRAM-SHA-256\0".utf8) + [0, 0, 0, 9, 1]), "08P01"
            ),
            (
                "a long response", ClientEnd.startup() + ClientEnd.message("p", [UInt8](repeating: 65, count: 1025)),
                "08P01"
            ),
        ] as [(String, [UInt8], String)])
    func faulty(name: String, bytes: [UInt8], code: String) throws {
        let server = try TestServer()
        server.receive(bytes)
        let error = try #require(server.messages.last)
        #expect(error.type == "E")
        #expect(error.fields["S"] == "FATAL")
        #expect(error.fields["C"] == code)
        guard case .failed = server.end else {
            Issue.record("not closed")
            return
        }
        server.receive(ClientEnd.startup())
        #expect(server.messages.last == error)
    }
}

import NIOCore
import PostgresClientEnd
import Testing

@testable import PostgresWire

@Suite("TLS before the session")
struct EncryptionTests {
    private static let request = ClientEnd.request(80_877_103)

    @Test("a client that asks for TLS gets it, required or not", arguments: [WireEncryption.offered, .required])
    func asked(_ encryption: WireEncryption) throws {
        let server = try TestServer(encryption: encryption)
        // GSS is not available; libpq asks for it first.
        server.receive(ClientEnd.request(80_877_104))
        server.receive(Self.request)
        #expect(server.output == ByteBuffer(string: "NS"))
        #expect(server.isSecured)
        _ = server.takeMessages()
        // libpq says y: it could bind to the channel, and we did not offer a binding.
        try server.logIn(header: "y,,")
        #expect(server.isAuthenticated)
    }

    @Test("octet by octet")
    func inPieces() throws {
        let server = try TestServer(encryption: .required)
        for octet in Self.request { server.receive([octet]) }
        #expect(server.output == ByteBuffer(string: "S"))
        #expect(server.isSecured)
    }

    @Test("without TLS the answer is no")
    func none() throws {
        let server = try TestServer()
        server.receive(Self.request)
        #expect(server.output == ByteBuffer(string: "N"))
        #expect(!server.isSecured)
    }

    @Test("a client without TLS is admitted unless TLS is required")
    func plain() throws {
        let offering = try TestServer(encryption: .offered)
        try offering.logIn()
        #expect(offering.isAuthenticated)
        let server = try TestServer(encryption: .required)
        server.receive(ClientEnd.startup())
        let error = try #require(server.messages.last)
        #expect(error.fields["S"] == "FATAL" && error.fields["C"] == "28000")
        #expect(error.fields["M"] == "the connection is not encrypted, and others are not taken")
        #expect(error.fields["H"]?.contains("sslmode=verify-full") == true)
        #expect(!server.isAuthenticated && server.end != nil)
    }

    /// What an attacker inserts behind the request would pass for the client's.
    @Test("plain text behind the request ends the connection", arguments: [[0], ClientEnd.startup()] as [[UInt8]])
    func injected(_ rest: [UInt8]) throws {
        let server = try TestServer(encryption: .required)
        server.receive(Self.request + rest)
        #expect(!server.isSecured)
        let error = try #require(server.messages.last)
        #expect(error.fields["M"] == "received unencrypted data after SSL request")
        guard case .failed = server.end else {
            Issue.record("not closed")
            return
        }
    }

    @Test("a second request is a violation")
    func twice() throws {
        let server = try TestServer(encryption: .required)
        server.receive(Self.request)
        server.receive(Self.request)
        guard case .failed(let error) = server.end else {
            Issue.record("not closed")
            return
        }
        #expect(error.code == "08P01")
    }
}

import NIOCore
import NIOEmbedded
import NIOOpenSSL
import Names
import Testing
import WAMP

@testable import WAMPClient

@Suite struct TLSReporterTests {
    private static func channel(
        _ url: String, _ configure: (inout RouterConfiguration) -> Void = { _ in }
    ) throws -> (EmbeddedChannel, RecordingReceiver) {
        let receiver = RecordingReceiver()
        let channel = EmbeddedChannel()
        let routerURL = try RouterURL(url)
        var configuration = RouterConfiguration(
            urls: [routerURL], realm: try Realm("realm1"), authentication: .anonymous(authid: nil), agent: "test/1")
        var tls = TLSConfiguration()
        tls.verification = .none
        configuration.tls = try TLSContext(tls, role: .client)
        configure(&configuration)
        try Connector.addHandlers(
            to: channel.pipeline.syncOperations, url: routerURL, configuration, receiver: receiver)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        return (channel, receiver)
    }

    /// The handshake comes first, and its faults reach the transport's user in words about routers.
    @Test(arguments: [
        ("rss://h:1", "HTTP/1.1 400 Bad Request", "write the port that has TLS, or ws://"),
        ("wss://h/ws", "HTTP/1.1 400 Bad Request", "write the port that has TLS, or ws://"),
        ("rss://h:1", "\u{7F}\u{01}\u{02}", "with plain RawSocket: it does not speak TLS; write the port that has TLS"),
        ("wss://h/ws", "SSH-2.0-x", "something that is not TLS; is this the port of a WAMP router with TLS?"),
    ])
    func wrongPeers(_ url: String, answer: String, says text: String) throws {
        let (channel, receiver) = try Self.channel(url)
        let hello = try #require(try channel.readOutbound(as: ByteBuffer.self))
        #expect(hello.readableBytesView.first == 22)
        try channel.writeInbound(ByteBuffer(string: answer))
        #expect(receiver.fault?.code == .tls)
        #expect(receiver.fault?.message.contains(text) == true, "\(receiver.fault?.message ?? "-")")
        channel.embeddedEventLoop.run()
        #expect(receiver.isClosed && receiver.channelID == nil)
    }

    @Test(arguments: ["rss://h:1", "wss://h/ws"]) func closedInTheHandshake(_ url: String) throws {
        let (channel, receiver) = try Self.channel(url)
        channel.pipeline.fireChannelInactive()
        #expect(receiver.fault?.code == .tls)
        let advice = url.hasPrefix("rss") ? "(without TLS write rs://)" : "(without TLS write ws://)"
        #expect(receiver.fault?.message.contains(advice) == true, "\(receiver.fault?.message ?? "-")")
        #expect(receiver.isClosed)
    }

    @Test func nothingIsSetUp() throws {
        #expect(throws: ConnectionFault(.tls, "wants TLS, and nothing is set up for it")) {
            _ = try Self.channel("rss://h:1") { $0.tls = nil }
        }
        let name = String(repeating: "a", count: 300)
        do {
            _ = try Self.channel("rss://h:1") { $0.serverName = name }
            Issue.record("a name of 300 octets was taken")
        } catch let fault as ConnectionFault {
            #expect(fault.code == .tls && fault.message.contains("router.tls"))
        }
    }

    /// Each failure has its advice, and no advice is about something that a user can't see.
    @Test func advice() throws {
        let url = try RouterURL("rss://h:1")
        let words: [(TLSFailure, String)] = [
            (.certificateWanted, "router.tls.certificate_file"),
            (.closedAtOnce(isCertificateMissing: true), "name one"),
            (.closedAtOnce(isCertificateMissing: false), "router's log"), (.protocolTooOld, "router.tls.minimum"),
            (.noSharedCipher, "openssl.cnf"), (.certificateRefused("expired"), "router.tls.certificate_file"),
            (.unknownName, "router.tls.server_name"), (.alert("internal error"), "router's log"),
            (.earlyPlaintext, "somebody between the sidecar and the router"),
        ]
        for (failure, word) in words {
            let fault = ConnectionFault.tls(failure, url, hasAuthorities: true)
            #expect(fault.code == .tls && fault.message.contains(word), "\(fault)")
        }
        #expect(ConnectionFault.tls(.truncated, url, hasAuthorities: true).code == .closed)
    }
}

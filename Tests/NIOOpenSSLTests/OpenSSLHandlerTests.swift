import NIOCore
import NIOEmbedded
import NIOOpenSSL
import Testing

@Suite struct OpenSSLHandlerTests {
    @Test(arguments: [1, 3, .max]) func handshakeAndText(chunk: Int) throws {
        let pair = try ChannelPair()
        // Written when the channel is active, before the handshake: it waits.
        pair.clientEnd.atActive = {
            $0.writeAndFlush(NIOAny(ByteBuffer(string: "hello")), promise: nil)
        }
        try pair.connect()
        #expect(pair.clientEnd.log == ["active"])
        try pair.run(chunk: chunk)
        #expect(pair.clientEnd.log == ["active", "secure 32"])
        #expect(pair.serverEnd.log == ["active", "secure 32", "read 'hello'"])
        #expect(pair.clientTLS.channelID == pair.serverTLS.channelID)
        #expect(pair.clientTLS.channelID?.count == 32)
    }

    @Test func writesAndTheirPromises() throws {
        let pair = try ChannelPair()
        try pair.connect()
        let early = pair.client.eventLoop.makePromise(of: Void.self)
        pair.client.writeAndFlush(ByteBuffer(string: "early"), promise: early)
        #expect(try pair.client.readOutbound(as: ByteBuffer.self) != nil)
        var done: [String] = []
        early.futureResult.assumeIsolated().whenSuccess { done.append("early") }
        #expect(done.isEmpty)

        let other = try ChannelPair()
        try other.connect()
        try other.run()
        for name in ["a", "b", "c"] {
            let promise = other.client.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenSuccess { done.append(name) }
            other.client.write(ByteBuffer(string: name), promise: promise)
        }
        // Nothing is sent before a flush; then everything in one piece, and nothing for empty texts.
        #expect(try other.client.readOutbound(as: ByteBuffer.self) == nil)
        other.client.write(ByteBuffer(), promise: nil)
        other.client.flush()
        #expect(done == ["a", "b", "c"])
        let ciphertext = try #require(try other.client.readOutbound(as: ByteBuffer.self))
        #expect(try other.client.readOutbound(as: ByteBuffer.self) == nil)
        try other.server.writeInbound(ciphertext)
        #expect(other.serverEnd.log.last == "read 'abc'")

        // What waits for a handshake that never completes fails with it.
        early.futureResult.assumeIsolated().whenFailure { _ in done.append("failed") }
        try pair.client.close().wait()
        #expect(done.last == "failed")
    }

    @Test func largeTexts() throws {
        let pair = try ChannelPair()
        try pair.connect()
        try pair.run()
        for _ in 0..<3 {
            try pair.client.writeOutbound(ByteBuffer(repeating: 0x61, count: 3_000_000))
            try pair.server.writeOutbound(ByteBuffer(repeating: 0x62, count: 100_000))
        }
        try pair.run(chunk: 65_536)
        let lengths = pair.serverEnd.log.compactMap { $0.hasPrefix("read ") ? Int($0.dropFirst(5)) : nil }
        #expect(lengths.reduce(0, +) == 9_000_000)
        let other = pair.clientEnd.log.compactMap { $0.hasPrefix("read ") ? Int($0.dropFirst(5)) : nil }
        #expect(other.reduce(0, +) == 300_000)
    }

    @Test(arguments: TLSConnectionTests.versions) func closing(_ version: TLSConfiguration.Version) throws {
        let pair = try ChannelPair(version: version)
        try pair.connect()
        try pair.run()
        pair.client.writeAndFlush(ByteBuffer(string: "goodbye"), promise: nil)
        pair.client.close(promise: nil)
        try pair.run()
        // No error at either end: the end was announced.
        #expect(pair.clientEnd.log == ["active", "secure 32", "inactive"])
        #expect(pair.serverEnd.log == ["active", "secure 32", "read 'goodbye'", "inactive"])
        #expect(!pair.server.isActive)
    }

    @Test func truncation() throws {
        let pair = try ChannelPair()
        try pair.connect()
        try pair.run()
        try pair.server.writeOutbound(ByteBuffer(string: "some text"))
        try pair.run()
        // As if the network had cut it: the channel ends, TLS has not ended.
        pair.client.pipeline.fireChannelInactive()
        #expect(pair.clientEnd.log.suffix(2) == ["error: \(TLSFailure.truncated)", "inactive"])
        // Once we have closed it is not an error.
        let other = try ChannelPair()
        try other.connect()
        try other.run()
        other.client.close(promise: nil)
        #expect(other.clientEnd.log == ["active", "secure 32", "inactive"])
    }

    @Test func closedInTheHandshake() throws {
        let pair = try ChannelPair()
        try pair.connect()
        try pair.client.close().wait()
        #expect(pair.clientEnd.log == ["active", "inactive"])
        let other = try ChannelPair()
        try other.connect()
        other.client.pipeline.fireChannelInactive()
        #expect(other.clientEnd.log == ["active", "error: \(TLSFailure.closed)", "inactive"])
        let reset = try ChannelPair()
        try reset.connect()
        reset.client.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "read"))
        reset.client.embeddedEventLoop.run()
        #expect(reset.clientEnd.log == ["active", "error: \(TLSFailure.closed)", "inactive"])
        // Right after it, and the server had asked for a certificate.
        let wanting = try ChannelPair {
            $0.verification = .full
            $0.trust = .file(Certificates.path("ca.pem"))
        }
        try wanting.connect()
        try wanting.server.writeInbound(try #require(try wanting.client.readOutbound(as: ByteBuffer.self)))
        try wanting.client.writeInbound(try #require(try wanting.server.readOutbound(as: ByteBuffer.self)))
        wanting.client.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "read"))
        #expect(
            wanting.clientEnd.log.contains("error: \(TLSFailure.closedAtOnce(isCertificateMissing: true))"),
            "\(wanting.clientEnd.log)")
    }

    @Test func failedHandshake() throws {
        let pair = try ChannelPair("expired")
        pair.clientEnd.atActive = { $0.writeAndFlush(NIOAny(ByteBuffer(string: "secret")), promise: nil) }
        try pair.connect()
        try pair.run()
        #expect(pair.clientEnd.log.count == 3)
        #expect(pair.clientEnd.log[1].contains("expired"))
        #expect(pair.clientEnd.log[2] == "inactive")
        // The server learns the reason, and gets nothing of what waited.
        #expect(pair.serverEnd.log.contains { $0.contains("refused our certificate (certificate expired)") })
        #expect(!pair.serverEnd.log.contains { $0.contains("secret") })
    }

    @Test func certificateWanted() throws {
        for version in TLSConnectionTests.versions {
            let pair = try ChannelPair(version: version) {
                $0.verification = .full
                $0.trust = .file(Certificates.path("ca.pem"))
            }
            try pair.connect()
            try pair.run()
            #expect(pair.clientEnd.log.contains("error: \(TLSFailure.certificateWanted)"))
            #expect(pair.clientEnd.log.last == "inactive")
        }
    }

    /// Bytes that arrived before TLS began did not come over TLS.
    @Test func earlyPlaintext() throws {
        let pair = try ChannelPair()
        try pair.client.writeInbound(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n"))
        #expect(pair.clientEnd.log.first == "error: \(TLSFailure.earlyPlaintext)")
        #expect(!pair.clientEnd.log.contains { $0.hasPrefix("read") })
    }

    @Test func nothingIsReadAfterTheEnd() throws {
        let pair = try ChannelPair()
        try pair.connect()
        try pair.run()
        try pair.server.writeOutbound(ByteBuffer(string: "late"))
        let late = try #require(try pair.server.readOutbound(as: ByteBuffer.self))
        pair.client.close(promise: nil)
        pair.client.pipeline.fireChannelRead(late)
        #expect(!pair.clientEnd.log.contains { $0.hasPrefix("read") })
        #expect(throws: (any Error).self) { try pair.client.writeOutbound(ByteBuffer(string: "later")) }
    }

    @Test func addedToAnOpenChannel() throws {
        let channel = EmbeddedChannel()
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        try channel.pipeline.syncOperations.addHandler(
            OpenSSLHandler(Certificates.client(), name: PeerName("localhost")))
        #expect(try channel.readOutbound(as: ByteBuffer.self)?.readableBytes ?? 0 > 100)
    }
}

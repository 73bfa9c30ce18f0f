import NIOCore
import NIOEmbedded
import Names
import Testing
import WAMP

@testable import WAMPClient

/// How the tunnel is opened, with RawSocket behind it.
@Suite struct ProxyHandlerTests {
    private let receiver = RecordingReceiver()
    private static let timeout = TimeAmount.seconds(10)

    /// The result for the tunnel.
    private final class Outcome {
        var result: Result<Void, any Error>?

        var fault: ConnectionFault? {
            guard case .failure(let error) = self.result else { return nil }
            return error as? ConnectionFault
        }

        var isOpen: Bool {
            if case .success = self.result { true } else { false }
        }
    }

    private func channel() throws -> (EmbeddedChannel, Outcome) {
        let channel = EmbeddedChannel()
        let handshake = ProxyHandshake(
            proxy: try HTTPProxy("http://proxy:3128"), host: "router", port: 8080, agent: "a/1")
        let handler = ProxyHandler(handshake, timeout: Self.timeout, eventLoop: channel.eventLoop)
        let outcome = Outcome()
        handler.tunnel.assumeIsolated().whenComplete { outcome.result = $0 }
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.pipeline.syncOperations.addHandler(
            RawSocketHandler(serializer: .json, greatestMessage: 1 << 20, unsentBound: 1 << 20, receiver: self.receiver)
        )
        return (channel, outcome)
    }

    private func connected() throws -> (EmbeddedChannel, Outcome) {
        let (channel, outcome) = try self.channel()
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let request = try #require(try channel.readOutbound(as: ByteBuffer.self))
        #expect(String(buffer: request).hasPrefix("CONNECT router:8080 HTTP/1.1\r\n"))
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
        return (channel, outcome)
    }

    @Test func tunnel() throws {
        let (channel, outcome) = try self.connected()
        try channel.writeInbound(ByteBuffer(string: "HTTP/1.1 200 OK\r\n"))
        #expect(outcome.result == nil)
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
        try channel.writeInbound(ByteBuffer(string: "\r\n"))
        #expect(outcome.isOpen)
        // Now the RawSocket handshake begins, and the proxy's handler is gone.
        #expect(try channel.readOutbound(as: ByteBuffer.self)?.readableBytes == 4)
        #expect(throws: (any Error).self) { try channel.pipeline.syncOperations.handler(type: ProxyHandler.self) }
        try channel.writeInbound(ByteBuffer(bytes: [0x7F, 0xF1, 0, 0]))
        #expect(self.receiver.transport != nil)
        channel.embeddedEventLoop.advanceTime(by: Self.timeout)
        #expect(channel.isActive && self.receiver.fault == nil)
    }

    @Test func refusal() throws {
        let (channel, outcome) = try self.connected()
        try channel.writeInbound(ByteBuffer(string: "HTTP/1.1 403 No\r\n\r\n"))
        #expect(outcome.fault?.message.contains("forbids") == true)
        #expect(!channel.isActive && self.receiver.isClosed)
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    @Test func deadline() throws {
        let (channel, outcome) = try self.connected()
        try channel.writeInbound(ByteBuffer(string: "HTTP/1.1 200 OK\r\n"))
        channel.embeddedEventLoop.advanceTime(by: Self.timeout)
        #expect(outcome.fault?.code == .silent)
        #expect(outcome.fault?.message.contains("made no tunnel to router:8080 within 10 s") == true)
        #expect(!channel.isActive && self.receiver.isClosed)
    }

    @Test func closed() throws {
        let (channel, outcome) = try self.connected()
        channel.pipeline.fireChannelInactive()
        #expect(outcome.fault?.message.contains("closed the connection instead of making a tunnel") == true)
        #expect(self.receiver.isClosed)
    }

    /// A channel that is given up before it is connected leaves no future unfinished.
    @Test func neverConnected() throws {
        let (channel, outcome) = try self.channel()
        // This is what NIO does with the handlers of such a channel; it tells none of them about the end.
        let context = try channel.pipeline.syncOperations.context(handlerType: ProxyHandler.self)
        channel.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        channel.embeddedEventLoop.run()
        #expect(outcome.fault != nil)
    }
}

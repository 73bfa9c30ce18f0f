import NIOCore
import NIOEmbedded
import Names
import Testing
import WAMP

@testable import WAMPClient

/// From the upgrade on, with the key and accept value of RFC 6455 section 1.3.
@Suite struct WebSocketHandlerTests {
    private let receiver = RecordingReceiver()
    private static let agreed =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

    private func channel(
        greatest: Int = 1 << 20, unsentBound: Int = 1 << 20, serializers: [SerializerID] = [.json],
        headers: [(String, String)] = [], staysHere: Bool = false, address: String = "127.0.0.1"
    ) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        var added = HandshakeHeaders()
        for (name, value) in headers {
            try added.add(HandshakeHeaders.Name(name), value)
        }
        let upgrade = WebSocketUpgrade(
            target: "/ws?token=x", host: "h:1", agent: "a/1", serializers: serializers, headers: added,
            key: "dGhlIHNhbXBsZSBub25jZQ==")
        try channel.pipeline.syncOperations.addHandler(
            WebSocketHandler(
                upgrade: upgrade, staysHere: staysHere, greatestMessage: greatest, unsentBound: unsentBound,
                receiver: self.receiver))
        try channel.connect(to: SocketAddress(ipAddress: address, port: 1)).wait()
        return channel
    }

    private func sent(_ channel: EmbeddedChannel) throws -> ByteBuffer {
        channel.embeddedEventLoop.run()
        var all = ByteBuffer()
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
            all.writeImmutableBuffer(buffer)
        }
        return all
    }

    private func answer(_ text: String, _ channel: EmbeddedChannel) throws {
        try channel.writeInbound(ByteBuffer(string: text))
        channel.embeddedEventLoop.run()
    }

    private func open(greatest: Int = 1 << 20) throws -> EmbeddedChannel {
        let channel = try self.channel(greatest: greatest)
        _ = try self.sent(channel)
        try self.answer(Self.agreed + "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n", channel)
        #expect(self.receiver.transport != nil)
        return channel
    }

    @Test func request() throws {
        let request = String(buffer: try self.sent(try self.channel()))
        #expect(request.hasPrefix("GET /ws?token=x HTTP/1.1\r\n"))
        for header in [
            "Host: h:1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: wamp.2.json", "User-Agent: a/1",
        ] {
            #expect(request.contains("\r\n\(header)\r\n"), "\(header) is missing in \(request)")
        }
        #expect(request.hasSuffix("\r\n\r\n"))
    }

    /// What others must not read is not sent to another machine, whatever its name.
    @Test func aHeaderThatLogsInStaysHere() throws {
        let here = try self.channel(headers: [("Authorization", "Basic eA==")], staysHere: true)
        #expect(String(buffer: try self.sent(here)).contains("Basic eA=="))
        let elsewhere = try self.channel(
            headers: [("Authorization", "Basic eA==")], staysHere: true, address: "192.0.2.1")
        #expect(try self.sent(elsewhere).readableBytes == 0)
        #expect(self.receiver.fault?.code == .untrusted)
    }

    /// All are offered in one handshake, and the router's choice is reported; serializers other than JSON use binary
    /// frames.
    @Test(arguments: SerializerID.allCases)
    func serializers(_ serializer: SerializerID) throws {
        let channel = try self.channel(serializers: [.cbor, .json, .msgpack])
        let request = String(buffer: try self.sent(channel))
        #expect(request.contains("\r\nSec-WebSocket-Protocol: wamp.2.cbor, wamp.2.json, wamp.2.msgpack\r\n"))
        try self.answer(Self.agreed + "Sec-WebSocket-Protocol: \(serializer.subprotocol)\r\n\r\n", channel)
        #expect(self.receiver.serializer == serializer)
        #expect(self.receiver.send("out") == .sent)
        let frames = RouterEnd.webSocketFrames(try self.sent(channel))
        #expect(frames.map(\.first) == [serializer == .json ? 0x81 : 0x82])
        try channel.writeInbound(RouterEnd.webSocket("in", first: serializer == .json ? 0x81 : 0x82))
        #expect(self.receiver.messages == ["in"])
        try channel.writeInbound(RouterEnd.webSocket("wrong", first: serializer == .json ? 0x82 : 0x81))
        #expect(self.receiver.fault?.code == .protocolViolation)
    }

    /// The answer, and frames right behind it, cut in two at each place.
    @Test func everySplitPoint() throws {
        var stream = ByteBuffer(string: Self.agreed + "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n")
        stream.writeImmutableBuffer(RouterEnd.webSocket("[1]"))
        stream.writeImmutableBuffer(RouterEnd.webSocket("[2,", first: 0x01))
        stream.writeImmutableBuffer(RouterEnd.webSocket("ping", first: 0x89))
        stream.writeImmutableBuffer(RouterEnd.webSocket("3]", first: 0x80))
        stream.writeImmutableBuffer(RouterEnd.webSocket(String(repeating: "x", count: 200)))
        let octets = Array(stream.readableBytesView)
        for cut in 0...octets.count {
            let test = WebSocketHandlerTests()
            let channel = try test.channel()
            _ = try test.sent(channel)
            try channel.writeInbound(ByteBuffer(bytes: octets[..<cut]))
            channel.embeddedEventLoop.run()
            try channel.writeInbound(ByteBuffer(bytes: octets[cut...]))
            channel.embeddedEventLoop.run()
            #expect(test.receiver.messages.map(\.utf8.count) == [3, 5, 200], "cut at \(cut)")
            #expect(test.receiver.fault == nil, "cut at \(cut)")
            let frames = RouterEnd.webSocketFrames(try test.sent(channel))
            #expect(frames.map(\.first) == [0x8A])
            #expect(frames.first?.payload == Array("ping".utf8))
        }
    }

    /// An answer and frames that arrive octet by octet.
    @Test func octetByOctet() throws {
        var stream = ByteBuffer(string: Self.agreed + "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n")
        stream.writeImmutableBuffer(RouterEnd.webSocket("[1]"))
        stream.writeImmutableBuffer(RouterEnd.webSocket([0x03, 0xE8], first: 0x88))
        let channel = try self.channel()
        for octet in stream.readableBytesView {
            try channel.writeInbound(ByteBuffer(bytes: [octet]))
        }
        #expect(self.receiver.messages == ["[1]"])
        #expect(self.receiver.fault?.message == "closed the WebSocket with code 1000")
    }

    /// Messages before the end of the connection are not lost.
    @Test func endRightBehind() throws {
        let channel = try self.channel()
        var stream = ByteBuffer(string: Self.agreed + "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n")
        stream.writeImmutableBuffer(RouterEnd.webSocket("[1]"))
        stream.writeImmutableBuffer(RouterEnd.webSocket([0x03, 0xE9], first: 0x88))
        channel.pipeline.fireChannelRead(stream)
        channel.pipeline.fireChannelInactive()
        #expect(self.receiver.messages == ["[1]"])
        #expect(self.receiver.fault?.message == "closed the WebSocket with code 1001")
        #expect(self.receiver.isClosed)
    }

    @Test func messagesOfATurnAreOneWrite() throws {
        let channel = try self.open()
        #expect(self.receiver.send("[1]") == .sent)
        #expect(self.receiver.send("[2]") == .sent)
        channel.embeddedEventLoop.run()
        let buffer = try #require(try channel.readOutbound(as: ByteBuffer.self))
        let frames = RouterEnd.webSocketFrames(buffer)
        #expect(frames.map { String(decoding: $0.payload, as: UTF8.self) } == ["[1]", "[2]"])
        #expect(frames.allSatisfy { $0.isMasked && $0.first == 0x81 })
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    @Test func tooLargeIsNotSent() throws {
        let channel = try self.open(greatest: 1000)
        #expect(self.receiver.send(String(repeating: "x", count: 1001)) == .tooLarge(size: 1001, limit: 1000))
        #expect(self.receiver.send(String(repeating: "x", count: 1000)) == .sent)
        #expect(RouterEnd.webSocketFrames(try self.sent(channel)).map(\.payload.count) == [1000])
    }

    @Test func closingIsAnswered() throws {
        let channel = try self.open()
        try channel.writeInbound(RouterEnd.webSocket([0x03, 0xE9] + Array("bye\n".utf8), first: 0x88))
        #expect(self.receiver.fault?.message == "closed the WebSocket with code 1001 (bye?)")
        let frames = RouterEnd.webSocketFrames(try self.sent(channel))
        #expect(frames.map(\.first) == [0x88])
        #expect(frames.first?.payload == [0x03, 0xE9])
        // The router closes TCP.
        #expect(channel.isActive)
        channel.pipeline.fireChannelInactive()
        #expect(self.receiver.isClosed)
    }

    @Test func ourClose() throws {
        let channel = try self.open()
        _ = self.receiver.send("last")
        self.receiver.transport?.close()
        #expect(self.receiver.send("later") == .sessionClosed)
        let frames = RouterEnd.webSocketFrames(try self.sent(channel))
        #expect(frames.map(\.first) == [0x81, 0x88])
        // Messages that were on their way to us, and the answer, are ignored.
        try channel.writeInbound(RouterEnd.webSocket("[1]"))
        try channel.writeInbound(RouterEnd.webSocket([0x03, 0xE8], first: 0x88))
        #expect(self.receiver.messages.isEmpty && self.receiver.fault == nil)
        channel.pipeline.fireChannelInactive()
        #expect(self.receiver.isClosed)
        channel.embeddedEventLoop.advanceTime(by: MessageTransport.closeTimeout)
    }

    /// A router that answers our close frame with nothing.
    @Test func closeHasADeadline() throws {
        let channel = try self.open()
        self.receiver.transport?.close()
        channel.embeddedEventLoop.advanceTime(by: MessageTransport.closeTimeout - .milliseconds(1))
        #expect(channel.isActive && !self.receiver.isClosed)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive && self.receiver.isClosed)
    }

    /// A router that does not respond gets no close frame.
    @Test func abandoning() throws {
        let channel = try self.open()
        self.receiver.transport?.abandon()
        #expect(!channel.isActive && self.receiver.isClosed)
        #expect(try self.sent(channel).readableBytes == 0)
    }

    /// Without serializers no subprotocol is offered, and each message is answered with its own kind.
    @Test func withoutSubprotocol() throws {
        let channel = try self.channel(serializers: [])
        #expect(!String(buffer: try self.sent(channel)).contains("Sec-WebSocket-Protocol"))
        self.receiver.onMessage = { receiver, text in _ = receiver.send(text) }
        try self.answer(Self.agreed + "\r\n", channel)
        try channel.writeInbound(RouterEnd.webSocket("t"))
        try channel.writeInbound(RouterEnd.webSocket("b", first: 0x82))
        #expect(RouterEnd.webSocketFrames(try self.sent(channel)).map(\.first) == [0x81, 0x82])
        let other = WebSocketHandlerTests()
        let refused = try other.channel(serializers: [])
        try? other.answer(Self.agreed + "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n", refused)
        #expect(other.receiver.fault?.message.contains("not offered") == true)
    }

    @Test func addedHeaders() throws {
        let channel = try self.channel(headers: [("Authorization", "Basic eDp5"), ("host", "other"), ("X-A", "1")])
        let request = String(buffer: try self.sent(channel))
        #expect(request.contains("\r\nAuthorization: Basic eDp5\r\n"))
        #expect(request.contains("\r\nX-A: 1\r\n"))
        #expect(request.contains("\r\nhost: other\r\n"))
        #expect(!request.contains("h:1"))
    }

    @Test(arguments: [
        (Array("x".utf8), UInt8(0x82), false, UInt8(0xEB), "binary"), ([0xFF], 0x81, false, 0xEF, "not UTF-8"),
        (Array("x".utf8), 0xC1, false, 0xEA, "reserved bits"),
        (Array("x".utf8), 0x83, false, 0xEA, "unknown kind"),
        (Array("x".utf8), 0x81, true, 0xEA, "masked"),
        (Array("x".utf8), 0x09, false, 0xEA, "control frame"),
        (Array(repeating: UInt8(1), count: 126), 0x89, false, 0xEA, "control frame"),
    ])
    func violations(_ payload: [UInt8], _ first: UInt8, _ masked: Bool, _ code: UInt8, _ why: String) throws {
        let channel = try self.open(greatest: 1000)
        try channel.writeInbound(RouterEnd.webSocket(payload, first: first, masked: masked))
        #expect(self.receiver.fault?.code == .protocolViolation)
        #expect(self.receiver.fault?.message.contains(why) == true, "\(String(describing: self.receiver.fault))")
        let frames = RouterEnd.webSocketFrames(try self.sent(channel))
        #expect(frames.first?.first == 0x88)
        #expect(frames.first?.payload == [0x03, code])
        channel.embeddedEventLoop.advanceTime(by: MessageTransport.closeTimeout)
        #expect(!channel.isActive)
        #expect(self.receiver.messages.isEmpty)
    }

    /// A length of 2^63 and more must not trap.
    @Test func absurdLength() throws {
        let channel = try self.open()
        try channel.writeInbound(ByteBuffer(bytes: [0x81, 127] + Array(repeating: 0xFF, count: 8)))
        #expect(self.receiver.fault?.code == .protocolViolation)
    }

    @Test(arguments: [
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", "HTTP 401 Unauthorized"), ("HTTP/1.1 403 No\r\n\r\n", "forbids /ws"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", "there is no WebSocket at /ws"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "a proxy"), ("HTTP/1.1 200 OK\r\n\r\n", "web page"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "wamp.2.json"), ("HTTP/1.1 299 X\r\n\r\n", "not a WebSocket"),
        ("HTTP/1.1 307 Temporary\r\nLocation: ws://other/ws\r\n\r\n", "new place is ws://other/ws"),
        ("HTTP/1.1 301 Moved\r\n\r\n", "redirects are not followed"), ("\u{7F}\0\0\0", "not HTTP"),
        ("SSH-2.0-OpenSSH\r\n", "not HTTP"),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "handshake wrongly"),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "handshake wrongly"),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: close\r\n"
                + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            "handshake wrongly"
        ),
        (agreed + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", "handshake wrongly"),
        (agreed + "no field\r\n\r\n", "not HTTP"), (agreed + " folded: x\r\n\r\n", "not HTTP"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\n\r\n", "there is no WebSocket at /ws"),
        ("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: HTTPAnswerReader.greatestHead), "too long"),
        (agreed + "\r\n", "without a WAMP subprotocol"),
        (agreed + "Sec-WebSocket-Protocol: wamp.2.cbor\r\n\r\n", "not offered (wamp.2.cbor)"),
        (agreed + "Sec-WebSocket-Protocol: wamp.2.json, wamp.2.cbor\r\n\r\n", "not offered"),
        (
            agreed + "Sec-WebSocket-Protocol: wamp.2.json\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
            "extension"
        ),
    ])
    func refusals(_ answer: String, _ why: String) throws {
        let channel = try self.channel()
        // The parser's error is thrown, and nothing catches it here.
        try? self.answer(answer, channel)
        let fault = try #require(self.receiver.fault)
        #expect(fault.code == .handshake)
        #expect(fault.message.contains(why), "\(fault.message)")
        #expect(!fault.message.contains("token"))
        #expect(!channel.isActive)
        #expect(self.receiver.transport == nil)
    }

    @Test(arguments: ["", "HTTP/1.1 10", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: webso"])
    func closedInsteadOfAnswer(_ beginning: String) throws {
        let channel = try self.channel()
        try? self.answer(beginning, channel)
        try? channel.close().wait()
        #expect(self.receiver.fault?.message.contains("instead of answering") == true)
        #expect(self.receiver.isClosed)
    }

    @Test func nothingStaysOfAClosedConnection() throws {
        weak var handler: WebSocketHandler?
        do {
            let channel = try self.open()
            handler = try channel.pipeline.syncOperations.handler(type: WebSocketHandler.self)
            #expect(handler != nil)
            try channel.close().wait()
            channel.embeddedEventLoop.run()
            self.receiver.transport = nil
        }
        #expect(handler == nil)
    }
}

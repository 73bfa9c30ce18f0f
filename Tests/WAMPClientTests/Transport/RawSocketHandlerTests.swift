import NIOCore
import NIOEmbedded
import Testing
import WAMP

@testable import WAMPClient

@Suite struct RawSocketHandlerTests {
    private let receiver = RecordingReceiver()

    private func channel(unsentBound: Int = 1 << 20) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(
            handler: RawSocketHandler(
                serializer: .json, greatestMessage: 1 << 24, unsentBound: unsentBound, receiver: self.receiver))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private func open(unsentBound: Int = 1 << 20) throws -> EmbeddedChannel {
        let channel = try self.channel(unsentBound: unsentBound)
        #expect(try channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(bytes: [0x7F, 0xF1, 0, 0]))
        try channel.writeInbound(ByteBuffer(bytes: [0x7F, 0xF1, 0, 0]))
        #expect(self.receiver.transport != nil)
        return channel
    }

    private func sent(_ channel: EmbeddedChannel) throws -> [(kind: UInt8, text: String)] {
        channel.embeddedEventLoop.run()
        var all = ByteBuffer()
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
            all.writeImmutableBuffer(buffer)
        }
        return RouterEnd.rawSocketFrames(all)
    }

    /// Handshake and frames arrive cut in two, at each place.
    @Test func everySplitPoint() throws {
        var stream = ByteBuffer(bytes: [0x7F, 0xF1, 0, 0])
        for text in ["[1]", "", "[2,\"zwei\"]", String(repeating: "x", count: 300)] {
            stream.writeImmutableBuffer(RouterEnd.rawSocket(text))
        }
        let octets = Array(stream.readableBytesView)
        for cut in 0...octets.count {
            let receiver = RecordingReceiver()
            let channel = EmbeddedChannel(
                handler: RawSocketHandler(
                    serializer: .json, greatestMessage: 1 << 24, unsentBound: 1 << 20, receiver: receiver))
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            try channel.writeInbound(ByteBuffer(bytes: octets[..<cut]))
            try channel.writeInbound(ByteBuffer(bytes: octets[cut...]))
            #expect(receiver.messages.map(\.utf8.count) == [3, 0, 10, 300], "cut at \(cut)")
            #expect(receiver.fault == nil)
        }
    }

    @Test func octetByOctet() throws {
        let channel = try self.open()
        for octet in RouterEnd.rawSocket("[1,2,3]").readableBytesView {
            try channel.writeInbound(ByteBuffer(bytes: [octet]))
        }
        #expect(self.receiver.messages == ["[1,2,3]"])
    }

    @Test func framesOfATurnAreOneWrite() throws {
        let channel = try self.open()
        for number in 0..<3 {
            #expect(self.receiver.send("[\(number)]") == .sent)
        }
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
        channel.embeddedEventLoop.run()
        let buffer = try #require(try channel.readOutbound(as: ByteBuffer.self))
        #expect(RouterEnd.rawSocketFrames(buffer).map(\.text) == ["[0]", "[1]", "[2]"])
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    @Test func answersOfAReadGoOutWithItsEnd() throws {
        let channel = try self.open()
        self.receiver.onMessage = { receiver, text in _ = receiver.send("answer to \(text)") }
        var both = RouterEnd.rawSocket("a")
        both.writeImmutableBuffer(RouterEnd.rawSocket("b"))
        try channel.writeInbound(both)
        let buffer = try #require(try channel.readOutbound(as: ByteBuffer.self))
        #expect(RouterEnd.rawSocketFrames(buffer).map(\.text) == ["answer to a", "answer to b"])
    }

    @Test func pingsAreAnsweredInOrder() throws {
        let channel = try self.open()
        self.receiver.onMessage = { receiver, text in _ = receiver.send(text) }
        var stream = RouterEnd.rawSocket("one", kind: 1)
        stream.writeImmutableBuffer(RouterEnd.rawSocket("between"))
        stream.writeImmutableBuffer(RouterEnd.rawSocket("", kind: 1))
        stream.writeImmutableBuffer(RouterEnd.rawSocket("unasked", kind: 2))
        try channel.writeInbound(stream)
        let frames = try self.sent(channel)
        #expect(frames.map(\.kind) == [2, 0, 2])
        #expect(frames.map(\.text) == ["one", "between", ""])
    }

    @Test func ownPing() throws {
        let channel = try self.open()
        self.receiver.transport?.ping()
        #expect(try self.sent(channel).map(\.kind) == [1])
    }

    @Test func tooLargeForTheRouter() throws {
        let channel = try self.channel()
        _ = try channel.readOutbound(as: ByteBuffer.self)
        try channel.writeInbound(ByteBuffer(bytes: [0x7F, 0x01, 0, 0]))
        #expect(self.receiver.transport?.greatestMessage == 512)
        #expect(self.receiver.send("first") == .sent)
        #expect(self.receiver.send(String(repeating: "x", count: 513)) == .tooLarge(size: 513, limit: 512))
        #expect(self.receiver.transport?.send(atLeast: 900) { _ in } == .tooLarge(size: 900, limit: 512))
        #expect(self.receiver.send(String(repeating: "y", count: 512)) == .sent)
        #expect(try self.sent(channel).map(\.text) == ["first", String(repeating: "y", count: 512)])
    }

    @Test(arguments: [
        ([0x7F, 0x10, 0, 0], ConnectionFault.Code.serializer, "refused the serializer json"),
        ([0x7F, 0x20, 0, 0], .handshake, "greatest message length"),
        (Array("HTTP/1.1 400 Bad".utf8).map(Int.init), .handshake, "write ws://"),
        (Array("hello".utf8).map(Int.init), .handshake, "not RawSocket"),
    ])
    func wrongHandshake(_ octets: [Int], _ code: ConnectionFault.Code, _ why: String) throws {
        let channel = try self.channel()
        try channel.writeInbound(ByteBuffer(bytes: octets.map { UInt8($0) }))
        #expect(self.receiver.fault?.code == code)
        #expect(self.receiver.fault?.message.contains(why) == true)
        #expect(!channel.isActive)
        channel.embeddedEventLoop.run()
        #expect(self.receiver.isClosed)
    }

    @Test func closedInsteadOfHandshake() throws {
        let channel = try self.channel()
        try channel.writeInbound(ByteBuffer(bytes: [0x7F]))
        try channel.close().wait()
        #expect(self.receiver.fault?.code == .serializer)
        #expect(self.receiver.fault?.message.contains("instead of answering") == true)
        #expect(self.receiver.isClosed)
    }

    @Test func closedWithinAFrame() throws {
        let channel = try self.open()
        try channel.writeInbound(ByteBuffer(bytes: [0, 0, 0, 9, 1]))
        try channel.close().wait()
        #expect(self.receiver.fault?.message.contains("middle of a frame") == true)
        #expect(self.receiver.send("x") == .sessionClosed)
    }

    @Test func garbageWithinASession() throws {
        let channel = try self.open()
        var stream = RouterEnd.rawSocket("good")
        stream.writeBytes([0xFF, 0xFF, 0xFF, 0xFF])
        stream.writeImmutableBuffer(RouterEnd.rawSocket("never"))
        try channel.writeInbound(stream)
        #expect(self.receiver.messages == ["good"])
        #expect(self.receiver.fault?.code == .protocolViolation)
        #expect(!channel.isActive)
    }

    @Test func nothingFollowsAClose() throws {
        let channel = try self.open()
        self.receiver.onMessage = { receiver, _ in receiver.transport?.close() }
        var stream = RouterEnd.rawSocket("last")
        stream.writeImmutableBuffer(RouterEnd.rawSocket("never"))
        try channel.writeInbound(stream)
        #expect(self.receiver.send("x") == .sessionClosed)
        #expect(self.receiver.messages == ["last"])
    }

    @Test func nothingStaysOfAClosedConnection() throws {
        weak var handler: RawSocketHandler?
        do {
            let channel = try self.open()
            handler = try channel.pipeline.syncOperations.handler(type: RawSocketHandler.self)
            #expect(handler != nil)
            try channel.close().wait()
            channel.embeddedEventLoop.run()
            self.receiver.transport = nil
        }
        #expect(handler == nil)
    }
}

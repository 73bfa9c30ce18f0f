import NIOCore
import NIOEmbedded
import Names
import Testing
import WAMP

@testable import WAMPClient

/// The router's end of a joined session, over an embedded channel.
final class RouterEnd: ConnectionOwner {
    private let channel: EmbeddedChannel
    private var joined: Session?
    /// Why the session has ended.
    private(set) var end: String?

    init(on eventLoop: EmbeddedEventLoop) throws {
        self.channel = EmbeddedChannel(loop: eventLoop)
        let url = try RouterURL("rs://router:1")
        var configuration = RouterConfiguration(
            urls: [url], realm: try Realm("realm1"), authentication: .anonymous(authid: nil), agent: "test/1")
        configuration.heartbeatInterval = .hours(1)
        let connection = Connection(
            url: url, configuration: configuration, eventLoop: eventLoop, owner: self, delegate: nil)
        try Connector.addHandlers(
            to: self.channel.pipeline.syncOperations, url: url, configuration, receiver: connection)
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try self.channel.writeInbound(ByteBuffer(bytes: [0x7F, 0xF1, 0, 0]))
        try self.send(#"[2,77,{"roles":{"broker":{"features":{}}}}]"#)
        eventLoop.run()
        while try self.channel.readOutbound(as: ByteBuffer.self) != nil {}
    }

    var session: Session {
        get throws { try #require(self.joined) }
    }

    func connectionOpened(_ connection: Connection) {}

    func connectionJoined(_ connection: Connection, _ session: Session) { self.joined = session }

    func connectionEnded(_ connection: Connection, _ session: Session?, _ fault: ConnectionFault) {
        self.end = fault.message
    }

    /// The PUBLISH messages since the last call.
    func published() throws -> [String] {
        self.channel.embeddedEventLoop.run()
        var messages: [String] = []
        var output = ByteBuffer()
        while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) { output.writeImmutableBuffer(buffer) }
        while let length = output.readInteger(as: UInt32.self), let text = output.readString(length: Int(length)) {
            messages.append(text)
        }
        return messages
    }

    /// It has accepted these requests.
    func accept(_ requests: Int...) throws {
        for request in requests { try self.send("[17,\(request),\(9000 + request)]") }
    }

    func refuse(_ request: Int, _ error: String) throws {
        try self.send(#"[8,16,\#(request),{},"\#(error)"]"#)
    }

    /// Whether the channel takes output.
    func takes(_ isWritable: Bool) {
        self.channel.isWritable = isWritable
        self.channel.pipeline.fireChannelWritabilityChanged()
    }

    func close() {
        self.channel.close(promise: nil)
        self.channel.embeddedEventLoop.run()
    }

    private func send(_ text: String) throws {
        var buffer = ByteBuffer(integer: UInt32(text.utf8.count))
        buffer.writeString(text)
        try self.channel.writeInbound(buffer)
    }
}

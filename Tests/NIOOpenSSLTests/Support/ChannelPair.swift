import NIOCore
import NIOEmbedded
import NIOOpenSSL

/// A client's channel and a server's, each with TLS, and the wire between them.
final class ChannelPair {
    /// Records what one end sees above TLS.
    final class Recorder: ChannelDuplexHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundIn = ByteBuffer

        private(set) var log: [String] = []
        /// Called when the channel becomes active.
        var atActive: (ChannelHandlerContext) -> Void = { _ in }

        func channelActive(context: ChannelHandlerContext) {
            self.log.append("active")
            self.atActive(context)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Self.unwrapInboundIn(data)
            let length = bytes.readableBytes
            self.log.append(length > 100 ? "read \(length)" : "read '\(String(buffer: bytes))'")
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .handshakeCompleted(let channelID)? = event as? TLSEvent {
                self.log.append("secure \(channelID?.count ?? 0)")
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            self.log.append("error: \(error)")
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.log.append("inactive")
        }
    }

    let client = EmbeddedChannel()
    let server = EmbeddedChannel()
    let clientTLS: OpenSSLHandler
    let serverTLS: OpenSSLHandler
    let clientEnd = Recorder()
    let serverEnd = Recorder()

    init(
        _ certificate: String = "server", version: TLSConfiguration.Version? = nil,
        change: (inout TLSConfiguration) -> Void = { _ in }
    ) throws {
        self.clientTLS = try OpenSSLHandler(Certificates.client(), name: PeerName("localhost"))
        self.serverTLS = try OpenSSLHandler(
            Certificates.server(certificate) {
                $0.maximumVersion = version
                change(&$0)
            })
        try self.client.pipeline.syncOperations.addHandlers([self.clientTLS, self.clientEnd])
        try self.server.pipeline.syncOperations.addHandlers([self.serverTLS, self.serverEnd])
    }

    /// Both are connected; the handshake has not moved yet.
    func connect() throws {
        for channel in [self.client, self.server] {
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        }
    }

    /// Moves ciphertext until nothing more arrives; a channel that is closed closes the other.
    func run(chunk: Int = .max) throws {
        var isMoving = true
        while isMoving {
            let moves = [
                try Self.move(from: self.client, to: self.server, chunk),
                try Self.move(from: self.server, to: self.client, chunk),
            ]
            isMoving = moves.contains(true)
        }
    }

    private static func move(from: EmbeddedChannel, to: EmbeddedChannel, _ chunk: Int) throws -> Bool {
        from.embeddedEventLoop.run()
        var hasMoved = false
        while var bytes = try from.readOutbound(as: ByteBuffer.self) {
            hasMoved = true
            while bytes.readableBytes > 0, to.isActive,
                let piece = bytes.readSlice(length: min(chunk, bytes.readableBytes))
            {
                try to.writeInbound(piece)
            }
        }
        if !from.isActive, to.isActive {
            try to.close().wait()
            hasMoved = true
        }
        return hasMoved
    }
}

import NIOCore
import WAMP

/// The RawSocket end of a channel: the handshake, then incoming frames; outgoing frames go through `MessageTransport`.
///
/// Used on one event loop. Each frame's payload is a slice of the read buffer.
final class RawSocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case handshake
        case open(MessageTransport)
        case failed
    }

    private var phase: Phase = .handshake
    private let handshake: RawSocketHandshake
    private let greatestMessage: Int
    private let unsentBound: Int
    private var receiver: (any TransportReceiver)?
    /// What was read and not yet taken: the beginning of a frame.
    private var unread = ByteBuffer()

    /// - Parameters:
    ///   - greatestMessage: the longest message that we accept; lowered to what the handshake can express.
    ///   - unsentBound: see `MessageTransport`.
    ///   - isSecure: whether the connection uses TLS; for the URLs in messages.
    ///   - receiver: held until the channel is closed.
    init(
        serializer: SerializerID, greatestMessage: Int, unsentBound: Int, isSecure: Bool = false,
        receiver: any TransportReceiver
    ) {
        self.handshake = RawSocketHandshake(
            serializer: serializer, greatestMessage: greatestMessage, isSecure: isSecure)
        self.greatestMessage = RawSocketHandshake.announcedLimit(greatestMessage)
        self.unsentBound = unsentBound
        self.receiver = receiver
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive {
            self.sendHandshake(context)
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.sendHandshake(context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.eventLoop.assertInEventLoop()
        var bytes = Self.unwrapInboundIn(data)
        let octets = bytes.readableBytes
        if self.unread.readableBytes == 0 {
            self.unread = bytes
        } else {
            self.unread.writeBuffer(&bytes)
        }
        self.receiver?.transportHeard(octets: octets)
        if case .handshake = self.phase {
            self.readHandshake(context)
        }
        self.readFrames(context)
        self.unread.releaseTaken()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .open(let transport) = self.phase {
            transport.readCompleted()
        }
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.receiver?.transportWritabilityChanged(context.channel.isWritable)
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch self.phase {
        case .handshake:
            self.fail(self.handshake.closed(), context)
        case .open(let transport):
            transport.closed()
            self.fail(
                ConnectionFault(
                    .closed,
                    self.unread.readableBytes == 0
                        ? "closed the connection" : "closed the connection in the middle of a frame"),
                context)
        case .failed:
            break
        }
        self.unread = ByteBuffer()
        let receiver = self.receiver
        self.receiver = nil
        receiver?.transportClosed()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch self.phase {
        case .handshake:
            self.fail((error as? ConnectionFault) ?? self.handshake.closed(), context)
        case .open:
            self.fail(.connectionLost(error), context)
        case .failed:
            break
        }
    }

    private func sendHandshake(_ context: ChannelHandlerContext) {
        let request = context.channel.allocator.buffer(bytes: self.handshake.request)
        context.writeAndFlush(Self.wrapOutboundOut(request), promise: nil)
    }

    private func readHandshake(_ context: ChannelHandlerContext) {
        switch self.handshake.received(&self.unread) {
        case .wait:
            break
        case .opened(let greatestMessage):
            let transport = MessageTransport(
                channel: context.channel, framing: .rawSocket, greatestMessage: greatestMessage,
                unsentBound: self.unsentBound,
                fail: { [weak self] fault in self?.fail(fault, context) })
            self.phase = .open(transport)
            transport.readBegan()
            self.receiver?.transportOpened(transport, serializer: self.handshake.serializer)
        case .failed(let fault):
            self.fail(fault, context)
        }
    }

    private func readFrames(_ context: ChannelHandlerContext) {
        do {
            // Checked for each frame: the receiver may have closed in between.
            while case .open(let transport) = self.phase, !transport.isClosed,
                let frame = try RawSocketFrame.next(from: &self.unread, greatest: self.greatestMessage)
            {
                transport.readBegan()
                switch frame {
                case .message(let message):
                    self.receiver?.transportReceived(message)
                case .ping(let payload):
                    transport.pong(payload)
                case .pong:
                    break
                }
            }
        } catch {
            self.fail(error, context)
        }
    }

    private func fail(_ fault: ConnectionFault, _ context: ChannelHandlerContext) {
        if case .failed = self.phase { return }
        let phase = self.phase
        self.phase = .failed
        self.unread = ByteBuffer()
        self.receiver?.transportFailed(fault)
        switch phase {
        case .handshake, .failed:
            context.close(promise: nil)
        case .open(let transport):
            transport.close()
        }
    }
}

package import NIOCore
import WAMP

/// The WebSocket end of a channel: opens it by HTTP, then takes incoming frames; outgoing frames go through
/// `MessageTransport`.
///
/// Used on one event loop. A message of one frame is a slice of the read buffer.
package final class WebSocketHandler: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private var upgrade: WebSocketUpgrade
    private let staysHere: Bool
    private var assembler: WebSocketMessageAssembler
    private let greatestMessage: Int
    private let unsentBound: Int
    private var receiver: (any TransportReceiver)?
    /// Set when the router has agreed.
    private var transport: MessageTransport?
    private var isFailed = false
    /// What was read and not yet taken: the beginning of the answer, or of a frame.
    private var unread = ByteBuffer()

    /// - Parameters:
    ///   - staysHere: the request must not leave this machine, wherever the name in the URL led.
    ///   - greatestMessage: the longest message in either direction: WebSocket does not announce the peer's limit.
    ///   - unsentBound: see `MessageTransport`.
    ///   - receiver: held until the channel is closed.
    package init(
        upgrade: WebSocketUpgrade, staysHere: Bool = false, greatestMessage: Int, unsentBound: Int,
        receiver: any TransportReceiver
    ) {
        self.upgrade = upgrade
        self.staysHere = staysHere
        self.assembler = WebSocketMessageAssembler(accepted: nil, greatest: greatestMessage)
        self.greatestMessage = greatestMessage
        self.unsentBound = unsentBound
        self.receiver = receiver
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive {
            self.sendRequest(context)
        }
    }

    package func channelActive(context: ChannelHandlerContext) {
        self.sendRequest(context)
        context.fireChannelActive()
    }

    /// Once a close frame is sent, all input is dropped: the only thing left is the end of the connection.
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.eventLoop.assertInEventLoop()
        guard !self.isFailed, self.transport?.isClosed != true else { return }
        var bytes = Self.unwrapInboundIn(data)
        let octets = bytes.readableBytes
        if self.unread.readableBytes == 0 {
            self.unread = bytes
        } else {
            self.unread.writeBuffer(&bytes)
        }
        self.transport?.readBegan()
        self.receiver?.transportHeard(octets: octets)
        if self.transport == nil {
            self.readAnswer(context)
        }
        self.readFrames(context)
        self.unread.releaseTaken()
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        self.transport?.readCompleted()
        context.fireChannelReadComplete()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.receiver?.transportWritabilityChanged(context.channel.isWritable)
        context.fireChannelWritabilityChanged()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.transport?.closed()
        self.fail(self.closed(), context)
        // It holds on to the context, and so to this.
        self.transport = nil
        let receiver = self.receiver
        self.receiver = nil
        receiver?.transportClosed()
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let fault = self.transport == nil ? self.upgrade.closed() : .connectionLost(error)
        self.fail((error as? ConnectionFault) ?? fault, context)
    }

    private func sendRequest(_ context: ChannelHandlerContext) {
        guard !self.staysHere || context.channel.remoteAddress?.isLocal == true else {
            return self.fail(.openHeader, context)
        }
        let request = context.channel.allocator.buffer(string: self.upgrade.request)
        context.writeAndFlush(Self.wrapOutboundOut(request), promise: nil)
    }

    private func readAnswer(_ context: ChannelHandlerContext) {
        switch self.upgrade.received(&self.unread) {
        case .wait:
            break
        case .opened(let serializer):
            let kind = serializer?.messageKind
            self.assembler = WebSocketMessageAssembler(accepted: kind, greatest: self.greatestMessage)
            let transport = MessageTransport(
                channel: context.channel, framing: .webSocket(kind ?? .binary), greatestMessage: self.greatestMessage,
                unsentBound: self.unsentBound, fail: { [weak self] fault in self?.fail(fault, context) })
            self.transport = transport
            transport.readBegan()
            self.receiver?.transportOpened(transport, serializer: serializer)
        case .failed(let fault):
            self.fail(fault, context)
        }
    }

    private func readFrames(_ context: ChannelHandlerContext) {
        do {
            // Checked for each frame: the receiver may have closed in between.
            while let transport = self.transport, !transport.isClosed,
                let action = try self.assembler.next(from: &self.unread)
            {
                switch action {
                case .fragment, .pong:
                    break
                case .tooLong(let beginning):
                    self.receiver?.transportSkipped(beginning: beginning)
                case .message(let message, let kind):
                    transport.framing = .webSocket(kind)
                    self.receiver?.transportReceived(message)
                case .ping(let payload):
                    transport.pong(payload)
                case .close(let code, let reason):
                    let why = reason.isEmpty ? "" : " (\(ConnectionFault.quoted(reason)))"
                    let fault = ConnectionFault.closed(
                        webSocketCode: code, "closed the WebSocket with code \(code)\(why)")
                    self.fail(fault, code: code == 1005 ? 1000 : code, context)
                }
            }
        } catch {
            self.fail(ConnectionFault(.protocolViolation, error.message), code: error.closeCode, context)
        }
    }

    /// What the end of the connection means at this point.
    private func closed() -> ConnectionFault {
        guard self.transport != nil else { return self.upgrade.closed() }
        let isWithinMessage = self.assembler.isWithinMessage || self.unread.readableBytes > 0
        return ConnectionFault(
            .closed,
            isWithinMessage ? "closed the connection in the middle of a message" : "closed the connection")
    }

    /// Reports to the receiver once, and ends the connection.
    ///
    /// - Parameter code: the code of the close frame that gives the reason; nil if nobody is there to read it.
    private func fail(_ fault: ConnectionFault, code: UInt16? = nil, _ context: ChannelHandlerContext) {
        guard !self.isFailed else { return }
        self.isFailed = true
        self.unread = ByteBuffer()
        self.receiver?.transportFailed(fault)
        guard let transport = self.transport else {
            context.close(promise: nil)
            return
        }
        if let code {
            transport.close(code: code)
        } else {
            transport.abandon()
        }
    }
}

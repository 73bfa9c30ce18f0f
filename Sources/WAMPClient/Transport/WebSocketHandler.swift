import NIOCore
import NIOWebSocket
import WAMP

/// The WebSocket end of a channel, once the HTTP upgrade is done; frames out go through `MessageTransport`.
///
/// Behind NIOWebSocket's frame decoder, on one event loop.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame

    private var transport: MessageTransport?
    private var isFailed = false
    private var assembler: WebSocketMessageAssembler
    private let kind: WebSocketMessageKind?
    private let greatestMessage: Int
    private let unsentBound: Int
    private var receiver: (any TransportReceiver)?

    /// - Parameters:
    ///   - kind: of the messages of the serializer that was agreed; nil takes either, and answers in the same.
    ///   - greatestMessage: the longest message in either direction: WebSocket does not say what the peer takes.
    ///   - unsentBound: see `MessageTransport`.
    ///   - receiver: held until the channel is closed.
    init(kind: WebSocketMessageKind?, greatestMessage: Int, unsentBound: Int, receiver: any TransportReceiver) {
        self.kind = kind
        self.assembler = WebSocketMessageAssembler(accepted: kind, greatest: greatestMessage)
        self.greatestMessage = greatestMessage
        self.unsentBound = unsentBound
        self.receiver = receiver
    }

    /// Added after the upgrade only: messages can be sent from now on.
    func handlerAdded(context: ChannelHandlerContext) {
        let transport = MessageTransport(
            channel: context.channel, framing: .webSocket(self.kind ?? .binary), greatestMessage: self.greatestMessage,
            unsentBound: self.unsentBound,
            fail: { [weak self] fault in self?.fail(fault) { $0.abandon() } })
        self.transport = transport
        self.receiver?.transportOpened(transport)
    }

    /// Once a close frame is sent, whatever still comes is dropped: all that is waited for is the end of the connection.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.eventLoop.assertInEventLoop()
        guard let transport = self.transport, !transport.isClosed else { return }
        transport.readBegan()
        self.receiver?.transportHeard()
        do {
            switch try self.assembler.received(Self.unwrapInboundIn(data)) {
            case .nothing, .pong:
                break
            case .message(let message, let kind):
                transport.framing = .webSocket(kind)
                self.receiver?.transportReceived(message)
            case .ping(let payload):
                transport.pong(payload)
            case .close(let code, let reason):
                let why = reason.isEmpty ? "" : " (\(ConnectionFault.quoted(reason)))"
                let fault = ConnectionFault.closed(
                    webSocketCode: code, "closed the WebSocket with code \(code)\(why)")
                self.fail(fault) { $0.close(code: code == 1005 ? 1000 : code) }
            }
        } catch {
            self.fail(ConnectionFault(.protocolViolation, error.message)) { $0.close(code: error.closeCode) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.transport?.readCompleted()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.receiver?.transportWritabilityChanged(context.channel.isWritable)
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.transport?.closed()
        self.fail(
            ConnectionFault(
                .closed,
                self.assembler.isWithinMessage
                    ? "closed the connection in the middle of a message" : "closed the connection"))
        let receiver = self.receiver
        self.receiver = nil
        receiver?.transportClosed()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? NIOWebSocketError else {
            self.fail((error as? ConnectionFault) ?? .connectionLost(error)) { $0.abandon() }
            return
        }
        switch error {
        case .invalidFrameLength:
            self.fail(
                ConnectionFault(
                    .protocolViolation,
                    "sent a WebSocket frame of more than the \(self.greatestMessage) octets that are taken")
            ) { $0.close(code: 1009) }
        case .fragmentedControlFrame, .multiByteControlFrameLength:
            self.fail(
                ConnectionFault(.protocolViolation, "sent a WebSocket control frame that is too long or fragmented")
            ) { $0.close(code: 1002) }
        }
    }

    /// Tells the receiver once, and then ends the connection in the way that the fault allows.
    private func fail(_ fault: ConnectionFault, end: (MessageTransport) -> Void = { _ in }) {
        guard !self.isFailed else { return }
        self.isFailed = true
        self.receiver?.transportFailed(fault)
        if let transport = self.transport {
            end(transport)
        }
    }
}

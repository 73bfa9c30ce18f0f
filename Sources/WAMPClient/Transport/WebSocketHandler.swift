import NIOCore
import NIOWebSocket
import WAMP

/// The WebSocket end of a channel, once the HTTP upgrade is done; frames out go through `MessageTransport`.
///
/// Behind NIOWebSocket's frame decoder, on one event loop.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame

    private enum Phase {
        case opening
        case open(MessageTransport)
        case failed
    }

    private var phase: Phase = .opening
    private var assembler: WebSocketMessageAssembler
    private let serializer: SerializerID
    private let greatestMessage: Int
    private let unsentBound: Int
    private var receiver: (any TransportReceiver)?

    /// - Parameters:
    ///   - serializer: the one that the router has chosen.
    ///   - greatestMessage: the longest message in either direction: WebSocket does not say what the peer takes.
    ///   - unsentBound: see `MessageTransport`.
    ///   - receiver: held until the channel is closed.
    init(serializer: SerializerID, greatestMessage: Int, unsentBound: Int, receiver: any TransportReceiver) {
        self.serializer = serializer
        self.assembler = WebSocketMessageAssembler(isText: serializer.isText, greatest: greatestMessage)
        self.greatestMessage = greatestMessage
        self.unsentBound = unsentBound
        self.receiver = receiver
    }

    /// Added after the upgrade only: messages can be sent from now on.
    func handlerAdded(context: ChannelHandlerContext) {
        let transport = MessageTransport(
            channel: context.channel, framing: .webSocket(isText: self.serializer.isText), greatestMessage: self.greatestMessage,
            unsentBound: self.unsentBound,
            fail: { [weak self] fault in self?.fail(fault, code: 1008, context) })
        self.phase = .open(transport)
        self.receiver?.transportOpened(transport, serializer: self.serializer)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.eventLoop.assertInEventLoop()
        guard case .open(let transport) = self.phase, !transport.isClosed else { return }
        transport.readBegan()
        self.receiver?.transportHeard()
        do {
            switch try self.assembler.received(Self.unwrapInboundIn(data)) {
            case .nothing, .pong:
                break
            case .message(let message):
                self.receiver?.transportReceived(message)
            case .ping(let payload):
                transport.pong(payload)
            case .close(let code, let reason):
                let why = reason.isEmpty ? "" : " (\(ConnectionFault.quoted(reason)))"
                self.fail(
                    ConnectionFault(.closed, "closed the WebSocket with code \(code)\(why)"),
                    code: code == 1005 ? 1000 : code, context)
            }
        } catch {
            self.fail(ConnectionFault(.protocolViolation, error.message), code: error.closeCode, context)
        }
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
        if case .open(let transport) = self.phase {
            transport.closed()
        }
        self.fail(
            ConnectionFault(
                .closed,
                self.assembler.isWithinMessage
                    ? "closed the connection in the middle of a message" : "closed the connection"),
            code: 1000, context)
        let receiver = self.receiver
        self.receiver = nil
        receiver?.transportClosed()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? NIOWebSocketError else {
            self.fail(.connectionLost(error), code: 1002, context)
            return
        }
        switch error {
        case .invalidFrameLength:
            self.fail(
                ConnectionFault(
                    .protocolViolation,
                    "sent a WebSocket frame of more than the \(self.greatestMessage) octets that are taken"),
                code: 1009, context)
        case .fragmentedControlFrame, .multiByteControlFrameLength:
            self.fail(
                ConnectionFault(.protocolViolation, "sent a WebSocket control frame that is too long or fragmented"),
                code: 1002, context)
        }
    }

    private func fail(_ fault: ConnectionFault, code: UInt16, _ context: ChannelHandlerContext) {
        if case .failed = self.phase { return }
        let phase = self.phase
        self.phase = .failed
        self.receiver?.transportFailed(fault)
        switch phase {
        case .opening, .failed:
            context.close(promise: nil)
        case .open(let transport):
            transport.close(code: code)
        }
    }
}

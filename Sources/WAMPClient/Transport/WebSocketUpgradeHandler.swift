package import NIOCore
package import NIOHTTP1
import NIOWebSocket
import WAMP

/// Opens a WebSocket: sends the request, and gives way to `WebSocketHandler` once the router has agreed.
///
/// Sits behind NIO's HTTP client handlers (`addHandlers` sets them all up). On one event loop.
package final class WebSocketUpgradeHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPClientResponsePart
    package typealias OutboundOut = HTTPClientRequestPart

    private let upgrade: WebSocketUpgrade
    private var receiver: (any TransportReceiver)?
    private var isRequested = false
    private var isFailed = false

    /// Far above what routers answer with, far below what would hurt.
    private static let answerLimits = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 * 1024
        limits.maxHeaderListSize = 64 * 1024
        limits.maxHeaderFieldCount = 128
        return limits
    }()

    private init(upgrade: WebSocketUpgrade, receiver: any TransportReceiver) {
        self.upgrade = upgrade
        self.receiver = receiver
    }

    /// Adds everything that a WebSocket needs at the end of the pipeline.
    ///
    /// - Parameters:
    ///   - greatestMessage: the longest message in either direction.
    ///   - unsentBound: see `MessageTransport`.
    ///   - receiver: held until the channel is closed.
    package static func addHandlers(
        to pipeline: ChannelPipeline.SynchronousOperations, upgrade: WebSocketUpgrade, greatestMessage: Int,
        unsentBound: Int, receiver: any TransportReceiver
    ) throws {
        let handler = WebSocketUpgradeHandler(upgrade: upgrade, receiver: receiver)
        let upgrader = Upgrader(
            upgrade: upgrade, handler: handler, greatestMessage: greatestMessage, unsentBound: unsentBound,
            receiver: receiver)
        try pipeline.addHTTPClientHandlers(
            leftOverBytesStrategy: .forwardBytes, decoderLimitConfiguration: Self.answerLimits,
            withClientUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
        try pipeline.addHandler(handler)
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

    /// Only what is not an upgrade comes here.
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let response):
            self.fail(
                response.status == .switchingProtocols
                    ? self.upgrade.invalidAnswer() : self.upgrade.refusal(response),
                context)
        case .body, .end:
            break
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let fault as ConnectionFault:
            self.fail(fault, context)
        case is NIOHTTPClientUpgradeError:
            self.fail(self.upgrade.invalidAnswer(), context)
        case HTTPParserError.invalidEOFState:
            self.fail(self.upgrade.closed(), context)
        case HTTPParserError.headerOverflow:
            self.fail(self.upgrade.endless(), context)
        case is HTTPParserError:
            self.fail(self.upgrade.notHTTP(), context)
        default:
            self.fail(self.upgrade.closed(), context)
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.fail(self.upgrade.closed(), context)
        let receiver = self.receiver
        self.receiver = nil
        receiver?.transportClosed()
        context.fireChannelInactive()
    }

    private func sendRequest(_ context: ChannelHandlerContext) {
        guard !self.isRequested else { return }
        self.isRequested = true
        context.write(Self.wrapOutboundOut(.head(self.upgrade.request)), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    fileprivate func fail(_ fault: ConnectionFault, _ context: ChannelHandlerContext) {
        guard !self.isFailed, let receiver = self.receiver else { return }
        self.isFailed = true
        receiver.transportFailed(fault)
        context.close(promise: nil)
    }

    /// The router has agreed: the receiver is `WebSocketHandler`'s from now on.
    fileprivate func giveWay() {
        self.receiver = nil
    }

    /// NIO's WebSocket upgrader (key, version, check of the accept value), and the check of the subprotocol.
    private final class Upgrader: NIOHTTPClientProtocolUpgrader {
        let supportedProtocol = "websocket"
        let requiredUpgradeHeaders: [String] = []
        private let inner: NIOWebSocketClientUpgrader
        private let upgrade: WebSocketUpgrade
        private let handler: WebSocketUpgradeHandler
        private let greatestMessage: Int
        private let unsentBound: Int
        private let receiver: any TransportReceiver

        init(
            upgrade: WebSocketUpgrade, handler: WebSocketUpgradeHandler, greatestMessage: Int, unsentBound: Int,
            receiver: any TransportReceiver
        ) {
            self.inner = NIOWebSocketClientUpgrader(requestKey: upgrade.key) { channel, _ in
                channel.eventLoop.makeSucceededVoidFuture()
            }
            self.upgrade = upgrade
            self.handler = handler
            self.greatestMessage = greatestMessage
            self.unsentBound = unsentBound
            self.receiver = receiver
        }

        func addCustom(upgradeRequestHeaders headers: inout HTTPHeaders) {
            self.inner.addCustom(upgradeRequestHeaders: &headers)
        }

        func shouldAllowUpgrade(upgradeResponse response: HTTPResponseHead) -> Bool {
            self.inner.shouldAllowUpgrade(upgradeResponse: response)
        }

        func upgrade(context: ChannelHandlerContext, upgradeResponse response: HTTPResponseHead)
            -> EventLoopFuture<Void>
        {
            let pipeline = context.pipeline.syncOperations
            do {
                let serializer: SerializerID?
                do {
                    serializer = try self.upgrade.serializer(chosenBy: response)
                } catch {
                    context.fireErrorCaught(error)
                    throw error
                }
                self.handler.giveWay()
                // Out before NIO passes on what came behind the answer: those are frames, not HTTP.
                pipeline.removeHandler(self.handler, promise: nil)
                try pipeline.addHandler(
                    ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: self.greatestMessage)))
                try pipeline.addHandler(
                    WebSocketHandler(
                        kind: serializer.map { $0.isText ? .text : .binary }, greatestMessage: self.greatestMessage,
                        unsentBound: self.unsentBound,
                        receiver: self.receiver))
                return context.eventLoop.makeSucceededVoidFuture()
            } catch {
                return context.eventLoop.makeFailedFuture(error)
            }
        }
    }
}

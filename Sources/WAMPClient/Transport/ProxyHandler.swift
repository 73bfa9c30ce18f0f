import NIOCore

/// Opens a tunnel through an HTTP proxy, and then removes itself: the handlers behind it see a channel that becomes
/// active when the tunnel is open, and nothing of the proxy.
///
/// The first handler of its pipeline, on one event loop. Added before the channel is connected.
final class ProxyHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var handshake: ProxyHandshake
    private let timeout: TimeAmount
    private let promise: EventLoopPromise<Void>
    private var unread = ByteBuffer()
    private var deadline: Scheduled<Void>?
    private var isDone = false

    /// Succeeds when the tunnel is open, before the handlers behind learn of it; fails with a `ConnectionFault` before
    /// the channel is closed.
    var tunnel: EventLoopFuture<Void> { self.promise.futureResult }

    /// - Parameter timeout: for the tunnel, from the connection to the proxy on.
    init(_ handshake: ProxyHandshake, timeout: TimeAmount, eventLoop: any EventLoop) {
        self.handshake = handshake
        self.timeout = timeout
        self.promise = eventLoop.makePromise(of: Void.self)
    }

    func channelActive(context: ChannelHandlerContext) {
        let request = context.channel.allocator.buffer(string: self.handshake.request)
        context.writeAndFlush(Self.wrapOutboundOut(request), promise: nil)
        self.deadline = context.eventLoop.assumeIsolated().scheduleTask(in: self.timeout) {
            self.fail(self.handshake.silent(within: self.timeout), context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isDone else { return }
        self.unread.writeImmutableBuffer(Self.unwrapInboundIn(data))
        switch self.handshake.received(&self.unread) {
        case .wait:
            break
        case .opened:
            self.end()
            self.promise.succeed(())
            context.fireChannelActive()
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        case .failed(let fault):
            self.fail(fault, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.fail(self.handshake.closed(), context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.fail(self.handshake.closed(), context)
    }

    /// Also if the channel was never connected.
    func handlerRemoved(context: ChannelHandlerContext) {
        guard !self.isDone else { return }
        self.end()
        self.promise.fail(self.handshake.closed())
    }

    private func fail(_ fault: ConnectionFault, _ context: ChannelHandlerContext) {
        guard !self.isDone else { return }
        self.end()
        self.promise.fail(fault)
        context.close(promise: nil)
    }

    private func end() {
        self.isDone = true
        self.deadline?.cancel()
        self.deadline = nil
        self.unread = ByteBuffer()
    }
}

import NIOCore

/// In front of what reads requests: lets nothing through beyond a head's limit. On the event loop.
///
/// Tells the connection behind it of a request that begins to come (``Arrival``), and of a head that is too large
/// (``HeadMeter/Excess``).
final class HeadGuard: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// A part of a request has come.
    struct Arrival {}

    private var meter = HeadMeter()
    private var isOver = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isOver else { return }
        let buffer = self.unwrapInboundIn(data)
        context.fireUserInboundEventTriggered(Arrival())
        if let excess = self.meter.read(buffer.readableBytesView) {
            self.isOver = true
            return context.fireUserInboundEventTriggered(excess)
        }
        context.fireChannelRead(data)
    }
}

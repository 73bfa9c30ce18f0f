import Glibc
import NIOCore

/// In front of the socket at which clients arrive: accepts nobody while there is no room, nor for a second after the
/// process, or the machine, had no descriptor left and nobody gave one up. Who comes meanwhile waits with the kernel.
/// On the event loop.
final class PortGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private static let pause = TimeAmount.seconds(1)

    /// Until when there is no room for one more; nil: there is.
    private let closedUntil: () -> NIODeadline?
    private let exhausted: (String) -> Bool
    private var pausedUntil: NIODeadline?
    private var held: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    /// - Parameter exhausted: called when no descriptor is left; whether it has given one up, for the next client.
    init(closedUntil: @escaping () -> NIODeadline?, exhausted: @escaping (String) -> Bool) {
        self.closedUntil = closedUntil
        self.exhausted = exhausted
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.held?.cancel()
        self.held = nil
        self.context = nil
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        guard self.held == nil else { return }
        let now = context.eventLoop.now
        if let until = self.pausedUntil, until <= now { self.pausedUntil = nil }
        guard let until = self.pausedUntil ?? self.closedUntil(), until > now else {
            context.read()
            return
        }
        self.held = context.eventLoop.assumeIsolated().scheduleTask(deadline: until) { self.goOn() }
    }

    /// There may be room again.
    func roomMayBe() {
        guard self.pausedUntil == nil, self.held != nil else { return }
        self.goOn()
    }

    private func goOn() {
        self.held?.cancel()
        self.held = nil
        if let context = self.context { self.read(context: context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else {
            context.fireErrorCaught(error)
            return
        }
        guard !self.exhausted("\(error)") else { return }
        self.pausedUntil = context.eventLoop.now + Self.pause
    }
}

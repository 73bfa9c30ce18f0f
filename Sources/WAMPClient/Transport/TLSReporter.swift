import NIOCore
import NIOOpenSSL
import Names

/// Reports TLS to a transport's user: stands right behind `OpenSSLHandler`, and words its errors for users of routers.
/// On one event loop.
final class TLSReporter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let url: RouterURL
    private let hasAuthorities: Bool
    private var receiver: (any TransportReceiver)?

    /// - Parameter receiver: held until the channel is closed.
    init(url: RouterURL, hasAuthorities: Bool, receiver: any TransportReceiver) {
        self.url = url
        self.hasAuthorities = hasAuthorities
        self.receiver = receiver
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let channelID)? = event as? TLSEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        self.receiver?.transportSecured(channelID: channelID)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let failure = error as? TLSFailure else {
            context.fireErrorCaught(error)
            return
        }
        context.fireErrorCaught(ConnectionFault.tls(failure, self.url, hasAuthorities: self.hasAuthorities))
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.receiver = nil
        context.fireChannelInactive()
    }
}

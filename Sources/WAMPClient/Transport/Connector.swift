import NIOCore
import NIOOpenSSL
import NIOPosix
import Names
import WAMP

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Makes the channel to a router, with everything in its pipeline.
enum Connector {
    /// Begins to connect.
    ///
    /// - Parameters:
    ///   - eventLoop: the caller's, and the channel's.
    ///   - receiver: gets all reports once the channel is connected; held until it is closed.
    /// - Returns: the connected channel, with a proxy after its tunnel is open; or a `ConnectionFault`.
    static func connect(
        to url: RouterURL, _ configuration: RouterConfiguration, eventLoop: any EventLoop,
        receiver: any TransportReceiver
    ) -> EventLoopFuture<any Channel> {
        eventLoop.assertInEventLoop()
        let bound = NIOLoopBound(receiver, eventLoop: eventLoop)
        let timeout = configuration.connectTimeout
        // Several addresses of a proxy may be tried at once, each with its own channel and tunnel.
        let tunnels = NIOLoopBoundBox<[ObjectIdentifier: EventLoopFuture<Void>]>([:], eventLoop: eventLoop)
        let proxy = url.isTCP ? configuration.proxy : nil
        var bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.writeBufferWaterMark, value: configuration.outputWaterMark)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let proxy, case .tcp(let host, let port) = url.endpoint {
                        let handler = ProxyHandler(
                            ProxyHandshake(proxy: proxy, host: host, port: port, agent: configuration.agent),
                            timeout: timeout, eventLoop: channel.eventLoop)
                        tunnels.value[ObjectIdentifier(channel)] = handler.tunnel
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try self.addHandlers(
                        to: channel.pipeline.syncOperations, url: url, configuration, receiver: bound.value)
                }
            }
        let channel: EventLoopFuture<any Channel>
        switch url.endpoint {
        case .tcp(let routerHost, let routerPort):
            let host = proxy?.host ?? routerHost
            let port = proxy?.port ?? routerPort
            // The kernel finds a dead peer as well, even while there is nothing to send.
            bootstrap =
                bootstrap
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .channelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 5)
                .channelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 2)
                .channelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 3)
                .channelOption(
                    .tcpOption(.init(rawValue: TCP_USER_TIMEOUT)),
                    value: SocketOptionValue(configuration.heartbeatPatience.nanoseconds / 1_000_000))
            // An address needs no resolver, and must not wait behind a name whose resolver never answers.
            if let address = try? SocketAddress(ipAddress: host, port: port) {
                channel = bootstrap.connect(to: address)
            } else {
                channel = bootstrap.connect(host: host, port: port)
            }
        case .unix(let path):
            channel = bootstrap.connect(unixDomainSocketPath: path)
        }
        return channel.flatMapErrorThrowing { error in
            throw (error as? ConnectionFault) ?? .unreachable(error, within: timeout, proxy: proxy)
        }.flatMap { channel in
            tunnels.value[ObjectIdentifier(channel)]?.map { channel } ?? eventLoop.makeSucceededFuture(channel)
        }
    }

    /// Fills the pipeline of a channel that is not yet connected. From the socket on, behind a proxy's handler: TLS for
    /// `wss` and `rss`, then RawSocket or WebSocket.
    static func addHandlers(
        to pipeline: ChannelPipeline.SynchronousOperations, url: RouterURL, _ configuration: RouterConfiguration,
        receiver: any TransportReceiver
    ) throws {
        if url.isSecure {
            try self.addTLS(to: pipeline, url: url, configuration, receiver: receiver)
        }
        switch url.transport {
        case .rawSocket:
            try pipeline.addHandler(
                RawSocketHandler(
                    serializer: configuration.serializers.first ?? .json,
                    greatestMessage: configuration.greatestMessage, unsentBound: configuration.unsentBound,
                    isSecure: url.isSecure, receiver: receiver))
        case .webSocket(let target):
            let upgrade = WebSocketUpgrade(
                target: target, host: url.hostHeader, agent: configuration.agent,
                serializers: configuration.serializers, headers: configuration.headers, isSecure: url.isSecure)
            try pipeline.addHandler(
                WebSocketHandler(
                    upgrade: upgrade,
                    staysHere: configuration.headers.logsIn && !url.isSecure && !configuration.isInsecure,
                    greatestMessage: configuration.greatestMessage,
                    unsentBound: configuration.unsentBound, receiver: receiver))
        }
    }

    private static func addTLS(
        to pipeline: ChannelPipeline.SynchronousOperations, url: RouterURL, _ configuration: RouterConfiguration,
        receiver: any TransportReceiver
    ) throws {
        guard let tls = configuration.tls, case .tcp(let host, _) = url.endpoint else {
            throw ConnectionFault(.tls, "wants TLS, and nothing is set up for it")
        }
        let handler: OpenSSLHandler
        do {
            handler = try OpenSSLHandler(tls, name: PeerName(configuration.serverName ?? host))
        } catch {
            throw ConnectionFault.tls(error)
        }
        try pipeline.addHandler(handler)
        try pipeline.addHandler(TLSReporter(url: url, hasAuthorities: tls.hasAuthorities, receiver: receiver))
    }
}

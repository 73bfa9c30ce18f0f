import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A router's end of RawSocket and JSON on a real socket, as much as the tests of connecting need. Counts who comes.
final class ScriptedRouter {
    /// What it does with each connection.
    enum Behaviour: Sendable {
        /// Lets everybody in, and answers GOODBYE.
        case welcome
        /// Lets everybody in, and closes at once.
        case welcomeAndClose
        /// Closes when HELLO comes.
        case closeAtHello
        /// Lets everybody in, and reads nothing any more.
        case welcomeAndStopReading
    }

    private(set) var connections = 0
    private(set) var channel: (any Channel)?
    private let eventLoop: any EventLoop
    private let behaviour: Behaviour

    init(_ behaviour: Behaviour, eventLoop: any EventLoop) {
        self.behaviour = behaviour
        self.eventLoop = eventLoop
    }

    /// Listens on a free port of the loopback address, or on a Unix socket; returns the router's URL.
    func listen(unixPath: String? = nil) -> EventLoopFuture<String> {
        let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
        let behaviour = self.behaviour
        let bootstrap = ServerBootstrap(group: self.eventLoop).childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                bound.value.connections += 1
                try channel.pipeline.syncOperations.addHandler(Script(behaviour))
            }
        }
        let channel =
            unixPath.map { bootstrap.bind(unixDomainSocketPath: $0) } ?? bootstrap.bind(host: "127.0.0.1", port: 0)
        return channel.map { channel in
            bound.value.channel = channel
            return unixPath.map { "rs+unix://\($0)" } ?? "rs://127.0.0.1:\(channel.localAddress?.port ?? 0)"
        }
    }

    /// Listens no more; a Unix socket's file goes too.
    func close() {
        if let path = self.channel?.localAddress?.pathname {
            unlink(path)
        }
        self.channel?.close(promise: nil)
    }

    private final class Script: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let behaviour: Behaviour
        private var unread = ByteBuffer()
        private var isOpen = false

        init(_ behaviour: Behaviour) {
            self.behaviour = behaviour
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.unread.writeImmutableBuffer(Self.unwrapInboundIn(data))
            if !self.isOpen, self.unread.readInteger(as: UInt32.self) != nil {
                self.isOpen = true
                context.writeAndFlush(
                    Self.wrapOutboundOut(ByteBuffer(bytes: [0x7F, 0xF1, 0, 0])), promise: nil)
            }
            while let header = self.unread.getInteger(at: self.unread.readerIndex, as: UInt32.self),
                self.unread.readableBytes >= Int(header) + 4
            {
                self.unread.moveReaderIndex(forwardBy: 4)
                self.answer(self.unread.readString(length: Int(header)) ?? "", context)
            }
        }

        private func answer(_ message: String, _ context: ChannelHandlerContext) {
            if message.hasPrefix("[6,") {
                self.send(#"[6,{},"wamp.close.goodbye_and_out"]"#, context)
            }
            guard message.hasPrefix("[1,") else { return }
            switch self.behaviour {
            case .welcome:
                self.send(#"[2,7,{"roles":{}}]"#, context)
            case .welcomeAndClose:
                self.send(#"[2,7,{"roles":{}}]"#, context)
                context.close(promise: nil)
            case .closeAtHello:
                context.close(promise: nil)
            case .welcomeAndStopReading:
                context.channel.setOption(.autoRead, value: false).whenComplete { _ in }
                self.send(#"[2,7,{"roles":{}}]"#, context)
            }
        }

        private func send(_ text: String, _ context: ChannelHandlerContext) {
            context.writeAndFlush(Self.wrapOutboundOut(RouterEnd.rawSocket(text)), promise: nil)
        }
    }
}

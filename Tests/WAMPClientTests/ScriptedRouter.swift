import NIOCore
import NIOPosix
import WAMP

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A router's end of RawSocket on a real socket, as much of it as the tests of connecting need. Records each
/// connection.
final class ScriptedRouter {
    /// What it does with each connection.
    enum Behaviour: Sendable {
        /// Accepts every session, and answers GOODBYE.
        case welcome
        /// Accepts every session, and closes immediately.
        case welcomeAndClose
        /// Closes when HELLO arrives.
        case closeAtHello
        /// Accepts every session, and reads nothing more.
        case welcomeAndStopReading
        /// Accepts only these serializers, and refuses others explicitly.
        case takes([SerializerID])
        /// The same, but closes instead of refusing.
        case takesOrCloses([SerializerID])
    }

    private(set) var connections = 0
    /// The serializer that each connection asked for.
    private(set) var asked: [UInt8] = []
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
                try channel.pipeline.syncOperations.addHandler(
                    Script(behaviour) { bound.value.asked.append($0) })
            }
        }
        let channel =
            unixPath.map { bootstrap.bind(unixDomainSocketPath: $0) } ?? bootstrap.bind(host: "127.0.0.1", port: 0)
        return channel.map { channel in
            bound.value.channel = channel
            return unixPath.map { "rs+unix://\($0)" } ?? "rs://127.0.0.1:\(channel.localAddress?.port ?? 0)"
        }
    }

    /// Stops listening, and removes a Unix socket's file.
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
        private var serializer: SerializerID = .json

        private let asked: (UInt8) -> Void

        init(_ behaviour: Behaviour, asked: @escaping (UInt8) -> Void) {
            self.behaviour = behaviour
            self.asked = asked
        }

        /// The four octets of the answer; nil to close.
        private func answer(to serializer: UInt8) -> [UInt8]? {
            switch self.behaviour {
            case .takes(let all) where !all.contains { $0.rawValue == serializer }: [0x7F, 0x10, 0, 0]
            case .takesOrCloses(let all) where !all.contains { $0.rawValue == serializer }: nil
            case .welcome, .welcomeAndClose, .closeAtHello, .welcomeAndStopReading, .takes, .takesOrCloses:
                [0x7F, 0xF0 | serializer, 0, 0]
            }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.unread.writeImmutableBuffer(Self.unwrapInboundIn(data))
            if !self.isOpen, let octets = self.unread.readInteger(as: UInt32.self) {
                self.isOpen = true
                let serializer = UInt8(truncatingIfNeeded: octets >> 16) & 0x0F
                self.asked(serializer)
                guard let answer = self.answer(to: serializer) else {
                    context.close(promise: nil)
                    return
                }
                self.serializer = SerializerID(rawValue: serializer) ?? .json
                context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: answer)), promise: nil)
            }
            while let header = self.unread.getInteger(at: self.unread.readerIndex, as: UInt32.self),
                self.unread.readableBytes >= Int(header) + 4
            {
                self.unread.moveReaderIndex(forwardBy: 4)
                let message = self.unread.readBytes(length: Int(header)) ?? []
                // The message codes needed here are one octet, the second one, in the binary formats.
                self.answer(
                    self.serializer == .json
                        ? String(decoding: message, as: UTF8.self) : "[\(message.dropFirst().first ?? 0),", context)
            }
        }

        private func answer(_ message: String, _ context: ChannelHandlerContext) {
            if message.hasPrefix("[6,") {
                self.send(#"[6,{},"wamp.close.goodbye_and_out"]"#, context)
            }
            guard message.hasPrefix("[1,") else { return }
            switch self.behaviour {
            case .welcome, .takes, .takesOrCloses:
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
            let message = RouterEnd.rawSocket(RouterEnd.message(text, self.serializer))
            context.writeAndFlush(Self.wrapOutboundOut(message), promise: nil)
        }
    }
}

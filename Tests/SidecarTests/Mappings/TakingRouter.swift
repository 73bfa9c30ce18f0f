import NIOCore
import NIOPosix

/// A router's end of RawSocket that takes whatever it is asked for, and lists it: `REGISTER com.example.a`.
final class TakingRouter {
    /// What it was asked for, in order.
    let asked: AsyncStream<String>
    private let channel: any Channel

    /// Its URL.
    var url: String { "rs://127.0.0.1:\(self.channel.localAddress?.port ?? 0)" }

    init(on eventLoop: any EventLoop) async throws {
        let (asked, tell) = AsyncStream.makeStream(of: String.self)
        self.asked = asked
        self.channel = try await ServerBootstrap(group: eventLoop).childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answers(tell)) }
        }.bind(host: "127.0.0.1", port: 0).get()
    }

    func close() async throws {
        try await self.channel.close()
    }

    /// Answers each message.
    private final class Answers: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let tell: AsyncStream<String>.Continuation
        private var unread = ByteBuffer()
        private var isOpen = false

        init(_ tell: AsyncStream<String>.Continuation) {
            self.tell = tell
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var input = self.unwrapInboundIn(data)
            self.unread.writeBuffer(&input)
            if !self.isOpen, let shake = self.unread.readBytes(length: 4) {
                self.isOpen = true
                // The same serializer, and messages of at most 16 MiB.
                self.write([0x7F, 0xF0 | shake[1] & 0x0F, 0, 0], context)
            }
            while let length = self.unread.getInteger(at: self.unread.readerIndex, as: UInt32.self).map(Int.init),
                self.unread.readableBytes >= 4 + length
            {
                self.unread.moveReaderIndex(forwardBy: 4)
                self.received(self.unread.readString(length: length) ?? "", context)
            }
        }

        private func received(_ message: String, _ context: ChannelHandlerContext) {
            let fields = message.dropFirst().split(separator: ",", maxSplits: 2).map(String.init)
            guard let code = fields.first, fields.count > 1 else { return }
            let request = fields[1].filter(\.isNumber)
            let name = message.split(separator: "\"").last { $0.contains("com.example") } ?? ""
            switch code {
            case "1": self.answer(#"[2,1,{"roles":{"broker":{},"dealer":{}}}]"#, context)
            case "32": self.took("SUBSCRIBE \(name)", "[33,\(request),201]", context)
            case "34": self.took("UNSUBSCRIBE", "[35,\(request)]", context)
            case "64": self.took("REGISTER \(name)", "[65,\(request),101]", context)
            case "66": self.took("UNREGISTER", "[67,\(request)]", context)
            default: break
            }
        }

        private func took(_ what: String, _ answer: String, _ context: ChannelHandlerContext) {
            self.answer(answer, context)
            self.tell.yield(what)
        }

        private func answer(_ text: String, _ context: ChannelHandlerContext) {
            self.write([0, 0] + [UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 0xFF)] + text.utf8, context)
        }

        private func write(_ octets: [UInt8], _ context: ChannelHandlerContext) {
            context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(bytes: octets)), promise: nil)
        }
    }
}

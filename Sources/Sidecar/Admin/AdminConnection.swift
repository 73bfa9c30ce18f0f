import NIOCore
import NIOHTTP1
import NIOOpenSSL

/// A client's connection to the admin port. On the event loop. The driver of ``AdminConnectionStateMachine``.
///
/// Each request is answered at once, so one waits for the answer to the one before only as long as the client does
/// not read.
final class AdminConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPServerResponsePart

    /// The most octets that a client has not read when it gets another answer.
    static let mostUnsent = 1 << 20

    let number: Int
    private let answer: (AdminRequest) -> AdminAnswer
    private let owner: any AdminConnectionOwner
    private var machine = AdminConnectionStateMachine()
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    /// Whether the client takes what it is sent; if not, it can't ask for more.
    private var isWritable = true
    private var wantsToRead = false

    init(number: Int, owner: any AdminConnectionOwner, answer: @escaping (AdminRequest) -> AdminAnswer) {
        self.number = number
        self.owner = owner
        self.answer = answer
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.run(self.machine.opened())
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.timer = nil
        self.context = nil
        self.machine.closed()
        self.owner.ended(self)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is HeadGuard.Arrival: self.run(self.machine.received())
        case HeadMeter.Excess.target as HeadMeter.Excess:
            self.write(.last(.uriTooLong, "the request's line is too long"))
        case HeadMeter.Excess.fields as HeadMeter.Excess:
            self.write(.last(.requestHeaderFieldsTooLarge, "the request's head is too large"))
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.machine.isReading, case .head(let head) = self.unwrapInboundIn(data) else { return }
        guard context.channel.isWritable else { return context.close(promise: nil) }
        let request = AdminRequest(head)
        var answer = self.answer(request)
        if !request.keepsOpen { answer.isLast = true }
        self.write(answer, hasBody: request.method != .head)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError, self.machine.isReading {
            return self.write(.last(.badRequest, "this is not a request of HTTP/1.1"))
        }
        // After a malformed request the decoder has something to say of all that follows.
        if self.machine.isReading || !(error is HTTPParserError || error is ByteToMessageDecoderError) {
            context.close(promise: nil)
        }
    }

    func read(context: ChannelHandlerContext) {
        guard self.isWritable else {
            self.wantsToRead = true
            return
        }
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.isWritable = context.channel.isWritable
        if self.isWritable, self.wantsToRead {
            self.wantsToRead = false
            context.read()
        }
        context.fireChannelWritabilityChanged()
    }

    /// Ends it at once.
    func close() {
        self.context?.close(promise: nil)
    }

    private func write(_ answer: AdminAnswer, hasBody: Bool = true) {
        guard self.machine.isReading, let context = self.context else { return }
        var head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status.rawValue))
        for (name, value) in answer.headers { head.headers.add(name: name, value: value) }
        if answer.isLast { head.headers.add(name: "Connection", value: "close") }
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        if hasBody { context.write(self.wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil) }
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
        self.owner.answered(self)
        self.run(self.machine.answered(isLast: answer.isLast))
    }

    private func run(_ action: AdminConnectionStateMachine.Action) {
        switch action {
        case .nothing: break
        case .wait(let time): self.schedule(in: time)
        case .linger(let time):
            self.schedule(in: time)
            // A client that still sends would be sent a reset, which can overtake the answer.
            self.context?.close(mode: .output, promise: nil)
        case .close: self.context?.close(promise: nil)
        }
    }

    private func schedule(in time: TimeAmount) {
        self.timer?.cancel()
        self.timer = self.context?.eventLoop.assumeIsolated().scheduleTask(in: time) {
            self.run(self.machine.timedOut())
        }
    }
}

/// Knows the connections to the admin port.
protocol AdminConnectionOwner {
    /// A connection has answered a request.
    func answered(_ connection: AdminConnection)
    /// A connection is closed.
    func ended(_ connection: AdminConnection)
}

import NIOCore
import NIOOpenSSL
import PostgresWire

/// One client's connection: moves bytes between the socket and the protocol's machine, and runs its queries one after
/// the other. On the event loop.
///
/// Nothing is kept while idle: what was read is given back, and each answer has its own buffer. The end of the stream
/// while a call runs is how SQL gives it up.
final class CallPortConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case authenticating
        case open
        /// The last answer goes out, perhaps late; nothing is read any more.
        case closing
    }

    /// What becomes of a long document.
    private enum Arrival {
        case none
        /// It is not read on: there is no room.
        case waiting
        /// It has room, until it is sent.
        case admitted
    }

    /// Output goes to the channel early once there is this much, so that a client that sends much and reads nothing
    /// is seen as one.
    private static let earlyFlush = 64 * 1024
    /// How long the last answer may take to be read.
    private static let lingering = TimeAmount.seconds(1)

    /// The number that the client gets as its backend's process.
    let number: Int32
    private let port: CallPort
    private var machine: WireServerStateMachine
    private let mostUnread: Int
    /// How TLS is made, where there is some: with the certificate that logging in is bound to.
    private let tls: TLSContext?
    private var phase = Phase.authenticating
    private var hasSpoken = false
    /// Who has come in.
    private var user = ""
    private var output = ByteBuffer()
    private var call: (call: CallPortCall, began: NIODeadline)?
    private var arrival = Arrival.none
    /// A document that waits until the router takes more.
    private var parked: CallPortDocument?
    private var backend: Int32?
    private var wantsRows = false
    /// The backend that has proved here that it knows the key.
    private var owner: Int32?
    /// What shows that the next answer is the port's.
    private var proof: String?
    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?
    private var isPumping = false
    private var isDraining = false

    init(number: Int32, port: CallPort, machine: consuming WireServerStateMachine, limits: WireLimits, tls: TLSContext?)
    {
        self.number = number
        self.port = port
        self.machine = machine
        self.mostUnread = limits.query + limits.waiting
        self.tls = tls
    }

    /// Whether a call or publication runs.
    var hasCall: Bool { self.call != nil }

    /// Whether a query runs.
    var isBusy: Bool { self.call != nil || self.parked != nil }

    // MARK: - The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.expect(within: CallPort.firstPacketTimeout, context)
    }

    /// Whoever does not say who he is gets no answer.
    private func expect(within time: TimeAmount, _ context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            self.phase = .closing
            context.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.eventLoop.assertInEventLoop()
        if !self.hasSpoken {
            self.hasSpoken = true
            self.port.spoke(self)
            self.expect(within: CallPort.authenticationTimeout, context)
        }
        self.machine.received(Self.unwrapInboundIn(data))
        // Only with a client that does not read: else the machine has taken it, or said that it is too much.
        if self.machine.unreadOctets > self.mostUnread {
            context.close(promise: nil)
            return
        }
        self.pump()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.pump() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.phase = .closing
        self.context = nil
        self.timer?.cancel()
        self.timer = nil
        self.output = ByteBuffer()
        self.giveUpCall()
        self.parked = nil
        self.port.ended(self)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (self.phase, error as? TLSFailure) {
        case (.authenticating, .closedAtOnce), (.authenticating, .truncated), (.authenticating, nil):
            // Just gone: as without TLS that is no news.
            break
        case (.authenticating, .some(let failure)):
            self.port.failed(failure, from: self.remoteAddress)
        case (.open, _), (.closing, _):
            break
        }
        context.close(promise: nil)
    }

    // MARK: - The machine

    private func pump() {
        guard !self.isPumping, let context = self.context else { return }
        self.isPumping = true
        defer { self.isPumping = false }
        loop: while true {
            switch self.phase {
            case .closing: break loop
            case .authenticating, .open: break
            }
            if self.output.readableBytes >= Self.earlyFlush { self.flush() }
            guard context.channel.isWritable else { break }
            switch self.machine.next(into: &self.output) {
            case .wait:
                guard self.seeToRoom(context) else { break loop }
            case .secure: self.secure(context)
            case .authenticated(let user):
                self.phase = .open
                self.user = user
                self.timer?.cancel()
                self.timer = nil
                self.machine.admit(self.port.admit(self, user: user), into: &self.output)
            case .query(let query): self.run(query)
            case .close(let end): self.close(end)
            }
        }
        switch self.phase {
        case .authenticating, .open: self.flush()
        case .closing: break
        }
        self.closeIfDrained()
    }

    /// Tells the client that it can begin TLS, and puts it in between.
    private func secure(_ context: ChannelHandlerContext) {
        self.flush()
        do {
            guard let tls = self.tls else { throw ChannelError.operationUnsupported }
            try context.pipeline.syncOperations.addHandler(OpenSSLHandler(tls), position: .before(self))
        } catch {
            self.phase = .closing
            context.close(promise: nil)
        }
    }

    private func flush() {
        guard let context = self.context, self.output.readableBytes > 0 else { return }
        let output = self.output
        self.output = ByteBuffer()
        context.writeAndFlush(Self.wrapOutboundOut(output), promise: self.port.written(output.readableBytes))
    }

    // MARK: - Queries

    private func run(_ query: ByteBuffer) {
        let document: CallPortDocument
        do {
            document = try CallPortDocument(query)
        } catch {
            self.machine.fail(error, into: &self.output)
            return self.leaveRoom()
        }
        self.run(document)
    }

    private func run(_ document: CallPortDocument) {
        self.wantsRows = document.wantsRows
        switch self.port.judge(document, user: self.user, owner: self.owner) {
        case .answer(let answer, let proof):
            self.proof = proof
            self.answer(answer)
        case .belongs(let backend, let proof):
            self.owner = backend
            self.proof = proof
            self.answer(.proved)
        case .send(let request, let peer, let proof):
            self.proof = proof
            if case .admitted = self.arrival, self.parked == nil, !self.port.canSend(self) {
                return self.park(document, until: request)
            }
            let call = CallPortCall(document.operation, peer: peer) { [weak self] answer in
                guard let self else { return }
                let answer = self.port.fitting(answer)
                self.endCall(CallPortCounts.Kind(answer))
                self.answer(answer)
                self.pump()
            }
            self.call = (call, self.port.callBegan())
            self.backend = document.backend
            if let backend = document.backend { self.port.beginsToWait(backend) }
            call.start(request)
        }
        self.leaveRoom()
    }

    private func endCall(_ kind: CallPortCounts.Kind) {
        if let call = self.call { self.port.callEnded(kind, since: call.began) }
        self.call = nil
        if let backend = self.backend { self.port.waitsNoMore(backend) }
        self.backend = nil
    }

    private func answer(_ answer: CallPortAnswer) {
        do {
            let rows = try answer.rows(wantsRows: self.wantsRows, proof: self.proof)
            self.machine.complete(columns: rows.columns, rows: [rows.row], tag: "SELECT 1", into: &self.output)
        } catch {
            self.machine.fail(error, into: &self.output)
        }
    }

    // MARK: - Room

    /// Sees to it that what is long is read only where there is room for it.
    ///
    /// - Returns: whether the machine has something to go on with.
    private func seeToRoom(_ context: ChannelHandlerContext) -> Bool {
        let octets = self.machine.announcedOctets
        switch self.arrival {
        case .admitted:
            // It was no query, or one that is not run.
            if octets == 0, self.parked == nil { self.leaveRoom() }
            return false
        case .waiting:
            return false
        case .none:
            break
        }
        guard case .open = self.phase, octets > CallPort.shortDocument else { return false }
        guard self.user == CallPort.user else {
            self.machine.refuseAnnounced(WireError("54000", "a query of this user can't be so long"))
            return true
        }
        guard self.port.askForRoom(self, octets: octets) else {
            self.arrival = .waiting
            self.setReading(false)
            self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: CallPort.roomPatience) {
                self.leaveRoom()
                self.machine.refuseAnnounced(Self.noRoom)
                self.setReading(true)
                self.pump()
            }
            return false
        }
        self.admit(context)
        return false
    }

    /// There is room for the document that waits.
    func hasRoom() {
        guard case .waiting = self.arrival, let context = self.context else { return }
        self.admit(context)
        self.setReading(true)
    }

    private func admit(_ context: ChannelHandlerContext) {
        self.arrival = .admitted
        self.timer?.cancel()
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: CallPort.arrivalPatience) {
            self.phase = .closing
            context.close(promise: nil)
        }
    }

    private func setReading(_ isReading: Bool) {
        // Only of a closed channel it can't be set.
        try? self.context?.channel.syncOptions?.setOption(.autoRead, value: isReading)
    }

    /// The router does not take more now.
    private func park(_ document: CallPortDocument, until request: CallPortRequest) {
        self.parked = document
        self.timer?.cancel()
        self.timer = self.context?.eventLoop.assumeIsolated().scheduleTask(in: request.patience) {
            self.parked = nil
            self.leaveRoom()
            self.port.callFailed()
            self.answer(
                .failure(
                    CallPortAnswer.Failure(
                        code: "53200", message: "nothing was sent: the router does not take what is sent to it")))
            self.pump()
        }
    }

    /// The router takes more, or there is another one, or none: what waits is judged again.
    func goOn() {
        guard let document = self.parked else { return }
        self.run(document)
        self.parked = nil
        self.pump()
    }

    private func leaveRoom() {
        if case .none = self.arrival { return }
        self.arrival = .none
        self.timer?.cancel()
        self.timer = nil
        self.port.leaveRoom(self)
    }

    private static let noRoom = WireError(
        "53200", "nothing was sent: too many long documents are on their way",
        hint: "Call again, or with less at a time.")

    // MARK: - The end

    private func close(_ end: WireEnd) {
        switch end {
        case .terminated, .cancelRequest:
            self.flush()
            self.phase = .closing
            self.context?.close(promise: nil)
        case .authenticationFailed(let user):
            let delay = self.port.authenticationFailed(user: user, from: self.remoteAddress)
            self.phase = .closing
            self.timer?.cancel()
            self.timer = self.context?.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.finish() }
        case .failed(let error):
            self.port.failed(error, from: self.remoteAddress)
            self.phase = .closing
            self.finish()
        }
        // An end while a query runs (too much was sent ahead of its answer) is the query's too.
        self.parked = nil
        self.port.leaveRoom(self)
        self.giveUpCall()
    }

    private func giveUpCall() {
        let call = self.call?.call
        self.endCall(.givenUp)
        call?.giveUp()
    }

    /// Sends what is left and closes so that it can be read: a socket that is closed with unread input takes back what
    /// it has sent.
    private func finish() {
        guard let context = self.context else { return }
        self.timer?.cancel()
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingering) { context.close(promise: nil) }
        self.flush()
        context.close(mode: .output, promise: nil)
    }

    /// The port stops: whoever has nothing running is closed without a word, for an idle client would put it into its
    /// log as a notice out of the blue.
    func drain() {
        self.isDraining = true
        self.closeIfDrained()
    }

    /// The port has stopped: now.
    func stop() {
        self.context?.close(promise: nil)
    }

    private func closeIfDrained() {
        guard self.isDraining, !self.isBusy, let context = self.context else { return }
        switch self.phase {
        case .authenticating, .open:
            self.flush()
            self.phase = .closing
            context.close(promise: nil)
        case .closing: break
        }
    }

    private var remoteAddress: String {
        guard let address = self.context?.channel.remoteAddress, let host = address.ipAddress else {
            return "the Unix socket"
        }
        return host
    }
}

internal import Glibc
package import NIOCore

/// The upper layer: TLS in a channel's pipeline. Everything behind it sees plain text.
///
/// `channelActive` is passed on before the handshake; what is written meanwhile waits. The handshake has no separate
/// deadline: whoever opened the channel has one for everything. A failure is reported as an error of type
/// ``TLSFailure``, after which the channel closes; the end of the handshake as a ``TLSEvent``. On the channel's event
/// loop.
///
/// - *protocol violation*: whatever OpenSSL calls one, plain text before the handshake, a connection that ends without
///   `close_notify`.
/// - *silent drop*: what arrives after we have closed.
package final class OpenSSLHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum State {
        /// The channel is not connected yet, or a proxy must answer first.
        case idle
        case handshaking
        case open
        /// We have announced the end of our output; the peer may continue.
        case outputClosed
        case closed
    }

    private struct Write {
        let plaintext: ByteBuffer
        let promise: EventLoopPromise<Void>?
    }

    /// How much output a peer may cause (updates of keys) without reading it, in octets.
    private static let mostUnreadAnswers = 64 * 1024
    /// A buffer that has grown beyond this is not kept.
    private static let keptCapacity = 512 * 1024

    private var state = State.idle
    private let connection: TLSConnection
    private let keepsBuffers: Bool
    private let isCertificateMissing: Bool
    private var writes = MarkedCircularBuffer<Write>(initialCapacity: 2)
    private var plaintext = ByteBuffer()
    private var hasRead = false
    private var unreadAnswers = 0

    /// The channel's id, once the handshake is complete: see ``TLSConnection/channelID``.
    package private(set) var channelID: [UInt8]?

    /// - Parameters:
    ///   - context: held.
    ///   - name: the name that the server's certificate must have; for a client.
    package init(_ context: TLSContext, name: PeerName? = nil) throws(TLSError) {
        self.connection = try TLSConnection(context, name: name)
        // Servers have many connections, most of which are idle.
        self.keepsBuffers = context.role == .client
        self.isCertificateMissing = context.role == .client && !context.hasCertificate
    }

    // MARK: - The channel's life

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { self.begin(context) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.state = .closed
        self.failWrites(ChannelError.ioOnClosedChannel)
    }

    package func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        self.begin(context)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        let state = self.state
        self.state = .closed
        self.failWrites(ChannelError.eof)
        switch state {
        case .handshaking: context.fireErrorCaught(TLSFailure.closed)
        case .open: context.fireErrorCaught(self.suddenEnd)
        case .idle, .outputClosed, .closed: break
        }
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let failure = error as? IOError, [ECONNRESET, EPIPE].contains(failure.errnoCode) else {
            context.fireErrorCaught(error)
            return
        }
        switch self.state {
        case .handshaking: self.fail(.closed, context)
        case .open where !self.hasRead: self.fail(self.suddenEnd, context)
        case .idle, .open, .outputClosed, .closed: context.fireErrorCaught(error)
        }
    }

    /// The failure if the peer disconnects without `close_notify`.
    private var suddenEnd: TLSFailure {
        self.hasRead ? .truncated : .closedAtOnce(isCertificateMissing: self.isCertificateMissing && self.wasAsked)
    }

    private var wasAsked: Bool { self.connection.wasCertificateWanted }

    // MARK: - Reading

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.eventLoop.assertInEventLoop()
        switch self.state {
        case .idle:
            self.fail(.earlyPlaintext, context)
        case .handshaking:
            self.connection.receive(Self.unwrapInboundIn(data))
            self.step(context)
        case .open, .outputClosed:
            self.connection.receive(Self.unwrapInboundIn(data))
            self.decrypt(context)
        case .closed:
            break
        }
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard case .idle = self.state else { return }
        self.state = .handshaking
        self.step(context)
    }

    private func step(_ context: ChannelHandlerContext) {
        switch self.connection.handshake() {
        case .incomplete:
            self.send(context)
        case .complete:
            let channelID = self.connection.channelID
            self.channelID = channelID
            self.state = .open
            self.send(context)
            context.fireUserInboundEventTriggered(TLSEvent.handshakeCompleted(channelID: channelID))
            self.encrypt(context)
            if case .open = self.state { self.decrypt(context) }
        case .failed(let failure):
            self.fail(failure, context)
        }
    }

    private func decrypt(_ context: ChannelHandlerContext) {
        var plaintext = self.plaintext
        self.plaintext = ByteBuffer()
        let outcome = self.connection.read(into: &plaintext)
        let answers = self.connection.ciphertextOctets
        if answers > 0 {
            self.unreadAnswers = context.channel.isWritable ? 0 : self.unreadAnswers + answers
            self.send(context)
        }
        if plaintext.readableBytes > 0 {
            self.hasRead = true
            context.fireChannelRead(Self.wrapInboundOut(plaintext))
        }
        if self.keepsBuffers, self.plaintext.capacity == 0, plaintext.capacity <= Self.keptCapacity {
            // Keeps its memory if no reader has kept a slice of it.
            plaintext.clear()
            self.plaintext = plaintext
        }
        switch outcome {
        case .incomplete:
            if self.unreadAnswers > Self.mostUnreadAnswers { self.fail(.unreadAnswers, context) }
        case .ended:
            self.close(context: context, mode: .all, promise: nil)
        case .failed(let failure):
            self.fail(failure, context)
        }
    }

    // MARK: - Writing

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch self.state {
        case .idle, .handshaking, .open:
            self.writes.append(Write(plaintext: Self.unwrapOutboundIn(data), promise: promise))
        case .outputClosed:
            promise?.fail(ChannelError.outputClosed)
        case .closed:
            promise?.fail(ChannelError.ioOnClosedChannel)
        }
    }

    package func flush(context: ChannelHandlerContext) {
        self.writes.mark()
        switch self.state {
        case .open: self.encrypt(context)
        case .idle, .handshaking, .outputClosed, .closed: context.flush()
        }
    }

    private func encrypt(_ context: ChannelHandlerContext) {
        guard case .open = self.state, self.writes.hasMark else { return }
        var promises: [EventLoopPromise<Void>] = []
        while self.writes.hasMark {
            let write = self.writes.removeFirst()
            if let promise = write.promise { promises.append(promise) }
            if let failure = self.connection.write(write.plaintext) {
                for promise in promises { promise.fail(failure) }
                self.fail(failure, context)
                return
            }
        }
        self.send(context, promises)
    }

    /// Sends what OpenSSL has for the peer, in one write.
    private func send(_ context: ChannelHandlerContext, _ promises: [EventLoopPromise<Void>] = []) {
        var ciphertext = self.connection.takeCiphertext()
        guard ciphertext.readableBytes > 0 else {
            for promise in promises { promise.succeed() }
            return
        }
        var promise: EventLoopPromise<Void>?
        if promises.count > 1 {
            let all = context.eventLoop.makePromise(of: Void.self)
            for one in promises { all.futureResult.cascade(to: one) }
            promise = all
        } else {
            promise = promises.first
        }
        context.writeAndFlush(Self.wrapOutboundOut(ciphertext), promise: promise)
        if self.keepsBuffers, ciphertext.capacity <= Self.keptCapacity {
            // Keeps its memory if the channel has written all of it, else allocates the same size.
            ciphertext.clear()
            self.connection.recycle(ciphertext)
        }
    }

    private func failWrites(_ error: any Error) {
        while let write = self.writes.popFirst() {
            write.promise?.fail(error)
        }
    }

    // MARK: - The end

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch (self.state, mode) {
        case (.open, .all), (.open, .output):
            self.state = mode == .all ? .closed : .outputClosed
            self.failWrites(ChannelError.outputClosed)
            self.connection.end()
            self.send(context)
            context.close(mode: mode, promise: promise)
        case (.idle, .all), (.idle, .output), (.handshaking, .all), (.handshaking, .output):
            // A connection that is not established has no half to close.
            self.state = .closed
            self.failWrites(ChannelError.ioOnClosedChannel)
            context.close(mode: .all, promise: promise)
        case (.outputClosed, .all):
            self.state = .closed
            context.close(mode: .all, promise: promise)
        case (.idle, .input), (.handshaking, .input), (.open, .input), (.outputClosed, .input),
            (.outputClosed, .output), (.closed, _):
            context.close(mode: mode, promise: promise)
        }
    }

    private func fail(_ failure: TLSFailure, _ context: ChannelHandlerContext) {
        if case .closed = self.state { return }
        self.state = .closed
        // The alert, if there is one.
        self.send(context)
        self.failWrites(failure)
        context.fireErrorCaught(failure)
        context.close(promise: nil)
    }
}

/// What `OpenSSLHandler` reports to the handlers behind it, as an inbound user event.
package enum TLSEvent: Sendable, Equatable {
    /// The peer has proved its identity as far as that is required; with the channel's id.
    case handshakeCompleted(channelID: [UInt8]?)
}

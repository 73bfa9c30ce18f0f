package import NIOCore

/// Moves whole messages to the router over an open channel, as RawSocket or WebSocket frames; knows nothing of WAMP.
///
/// Confined to the channel's event loop. The frames of one turn of the loop are gathered in one buffer and written with
/// one system call: after a read when the read is complete, else in a task of the same turn. Octets that the router
/// does not read are counted; beyond a bound the transport fails.
package final class MessageTransport {
    /// The framing of messages.
    enum Framing: Equatable {
        case rawSocket
        case webSocket(WebSocketMessageKind)
    }

    /// How long the router may take to close the connection after our WebSocket close frame.
    static let closeTimeout: TimeAmount = .seconds(1)

    /// The longest message that the router accepts, in octets.
    private(set) var greatestMessage: Int
    /// The longest message that was sent to it.
    private(set) var longestSent = 0
    private let channel: any Channel
    /// Fixed by the serializer; if both kinds of messages arrive, that of the last one.
    var framing: Framing
    private let unsentBound: Int
    private let fail: (ConnectionFault) -> Void
    private var output: ByteBuffer
    /// Where a WebSocket message is encoded before it is masked into `output`.
    private var scratch: ByteBuffer
    private var random = SystemRandomNumberGenerator()
    private var isReading = false
    private var isFlushScheduled = false
    private(set) var octetsWritten: Int64 = 0
    private var closing: Scheduled<Void>?

    /// The channel gets output early once there is this much of it, so that the buffer stays small.
    private static let earlyFlush = 128 * 1024
    /// A buffer that has grown beyond this is not kept.
    private static let keptCapacity = 512 * 1024
    private static let usualCapacity = 16 * 1024

    /// - Parameters:
    ///   - channel: open, with the handshake done.
    ///   - greatestMessage: the longest message that the router accepts.
    ///   - unsentBound: the most output that may wait for the router, in octets.
    ///   - fail: called (once) if the bound is exceeded.
    init(
        channel: any Channel, framing: Framing, greatestMessage: Int, unsentBound: Int,
        fail: @escaping (ConnectionFault) -> Void
    ) {
        self.channel = channel
        self.framing = framing
        self.greatestMessage = greatestMessage
        self.unsentBound = unsentBound
        self.fail = fail
        self.output = channel.allocator.buffer(capacity: Self.usualCapacity)
        self.scratch = channel.allocator.buffer(capacity: framing == .rawSocket ? 0 : Self.usualCapacity)
    }

    /// True once nothing more is sent.
    private(set) var isClosed = false

    /// Whether more output is welcome: the channel's buffer is below its watermark.
    var isWritable: Bool { !self.isClosed && self.channel.isWritable }

    /// The address of the other end.
    var remoteAddress: SocketAddress? { self.channel.remoteAddress }

    /// The octets that the kernel accepted so far: the number grows as long as the router reads.
    var octetsTaken: Int64 { self.octetsWritten - Int64(self.buffered) }

    /// The octets that wait for the router to read them.
    var unsent: Int { self.output.readableBytes + self.buffered }

    private var buffered: Int {
        // Only a closed channel throws, and nothing waits in one.
        (try? self.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// Sends one message.
    ///
    /// - Parameters:
    ///   - atLeast: the message has at least this many octets. If that alone is too large, it is not encoded.
    ///   - encode: appends the message, and touches nothing before it; called immediately.
    package func send(atLeast: Int = 0, _ encode: (inout ByteBuffer) -> Void) -> SendOutcome {
        self.channel.eventLoop.assertInEventLoop()
        guard !self.isClosed else {
            return .sessionClosed
        }
        guard atLeast <= self.greatestMessage else {
            return .tooLarge(size: atLeast, limit: self.greatestMessage)
        }
        switch self.framing {
        case .rawSocket:
            let start = self.output.writerIndex
            self.output.reserveCapacity(minimumWritableBytes: RawSocketFrame.headerLength + atLeast)
            self.output.writeInteger(UInt32(0))
            encode(&self.output)
            let size = self.output.writerIndex - start - RawSocketFrame.headerLength
            guard size <= self.greatestMessage else {
                self.output.moveWriterIndex(to: start)
                return .tooLarge(size: size, limit: self.greatestMessage)
            }
            self.output.setInteger(RawSocketFrame.header(.message, length: size), at: start)
            self.longestSent = max(self.longestSent, size)
        case .webSocket(let kind):
            self.scratch.clear()
            self.scratch.reserveCapacity(minimumWritableBytes: atLeast)
            encode(&self.scratch)
            let size = self.scratch.readableBytes
            guard size <= self.greatestMessage else {
                self.shrinkScratch()
                return .tooLarge(size: size, limit: self.greatestMessage)
            }
            self.writeWebSocket(kind == .text ? .text : .binary, self.scratch)
            self.longestSent = max(self.longestSent, size)
            self.shrinkScratch()
        }
        self.scheduleFlush()
        return .sent
    }

    /// Sends nothing longer: an earlier connection has shown that the router accepts no more.
    func limit(to octets: Int) {
        self.greatestMessage = min(self.greatestMessage, octets)
    }

    /// Asks for a sign of life. Crossbar.io drops connections for this on RawSocket.
    func ping() {
        guard !self.isClosed else { return }
        switch self.framing {
        case .rawSocket:
            self.output.writeInteger(RawSocketFrame.header(.ping, length: 0))
        case .webSocket:
            self.writeWebSocket(.ping, ByteBuffer())
        }
        self.scheduleFlush()
    }

    /// Answers a ping, behind everything that was sent before.
    func pong(_ payload: ByteBuffer) {
        guard !self.isClosed else { return }
        switch self.framing {
        case .rawSocket:
            self.output.writeInteger(RawSocketFrame.header(.pong, length: payload.readableBytes))
            self.output.writeImmutableBuffer(payload)
        case .webSocket:
            self.writeWebSocket(.pong, payload)
        }
        self.scheduleFlush()
    }

    /// Sends the remaining output and ends the connection.
    ///
    /// On a WebSocket a close frame gives the reason, and the router closes TCP (RFC 6455 section 7.1.1), so that it
    /// gets what is on the way. If it doesn't close, the channel is closed after `closeTimeout`.
    ///
    /// - Parameter code: the close code of a WebSocket.
    package func close(code: UInt16 = 1000) {
        guard !self.isClosed else { return }
        switch self.framing {
        case .rawSocket:
            self.flush()
            self.abandon()
        case .webSocket:
            self.writeWebSocket(.close, ByteBuffer(integer: code))
            self.flush()
            // If that flush exceeded the bound, the channel is closed already.
            guard !self.isClosed else { return }
            self.isClosed = true
            self.closing = self.channel.eventLoop.assumeIsolated().scheduleTask(in: Self.closeTimeout) {
                self.channel.close(mode: .all, promise: nil)
            }
        }
    }

    /// Closes the channel immediately, for a router that does not read or does not respond; unread output is dropped.
    func abandon() {
        guard !self.isClosed else { return }
        self.isClosed = true
        self.channel.close(mode: .all, promise: nil)
    }

    /// The channel is closed: nothing more is sent.
    func closed() {
        self.isClosed = true
        self.closing?.cancel()
        self.closing = nil
        self.output = ByteBuffer()
        self.scratch = ByteBuffer()
    }

    /// A read begins: output waits for its end.
    func readBegan() {
        self.isReading = true
    }

    /// The read is complete: output goes out.
    func readCompleted() {
        self.isReading = false
        self.flush()
    }

    private func writeWebSocket(_ opcode: WebSocketFrameHeader.Opcode, _ payload: ByteBuffer) {
        WebSocketFrameWriter.write(opcode, payload: payload, mask: self.random.next(), to: &self.output)
    }

    private func shrinkScratch() {
        if self.scratch.capacity > Self.keptCapacity {
            self.scratch = self.channel.allocator.buffer(capacity: Self.usualCapacity)
        }
    }

    private func scheduleFlush() {
        if self.output.readableBytes >= Self.earlyFlush {
            self.flush()
        } else if !self.isReading, !self.isFlushScheduled {
            self.isFlushScheduled = true
            self.channel.eventLoop.assumeIsolated().execute {
                self.isFlushScheduled = false
                self.flush()
            }
        }
    }

    private func flush() {
        let length = self.output.readableBytes
        guard length > 0, !self.isClosed else { return }
        self.octetsWritten += Int64(length)
        self.channel.writeAndFlush(self.output, promise: nil)
        if self.output.capacity > Self.keptCapacity {
            self.output = self.channel.allocator.buffer(capacity: Self.usualCapacity)
        } else {
            // Keeps its memory if the channel has written all of it, else allocates the same size.
            self.output.clear()
        }
        if !self.channel.isWritable, !self.isClosed, self.buffered > self.unsentBound {
            self.fail(
                ConnectionFault(
                    .unsentOutput,
                    "did not take what was sent to it; more than \(self.unsentBound) octets were waiting"))
        }
    }
}

import NIOCore
import NIOEmbedded
import WAMP

@testable import WAMPClient

/// A transport's handler in a channel without a network, and what came of what it read.
struct TransportRun: Equatable, CustomStringConvertible {
    /// Whether the transport's handshake was made.
    let isOpened: Bool
    /// The messages, as they came.
    let messages: [ByteBuffer]
    /// The beginnings of those that were skipped.
    let skipped: [ByteBuffer]
    /// Why it ended: the router's closing at the latest.
    let fault: ConnectionFault.Code?
    /// All that was sent, after the transport's request.
    let sent: ByteBuffer

    /// What is sent may depend on random masks, and on what had been written when a connection was given up.
    static func == (one: TransportRun, other: TransportRun) -> Bool {
        one.isOpened == other.isOpened && one.messages == other.messages && one.skipped == other.skipped
            && one.fault == other.fault
    }

    var description: String {
        "opened \(self.isOpened), messages \(self.messages.map { String(buffer: $0) }), "
            + "\(self.skipped.count) skipped, \(String(describing: self.fault))"
    }

    /// Has the handler read these pieces; then the router closes the connection.
    static func of(_ pieces: [ByteBuffer], _ handler: (any TransportReceiver) -> any ChannelHandler) -> TransportRun {
        let receiver = Receiver()
        let channel = EmbeddedChannel(handler: handler(receiver))
        var sent = ByteBuffer()
        do {
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            _ = try channel.readOutbound(as: ByteBuffer.self)
            for piece in pieces where channel.isActive {
                try channel.writeInbound(piece)
                channel.embeddedEventLoop.run()
            }
            while let buffer = try channel.readOutbound(as: ByteBuffer.self) { sent.writeImmutableBuffer(buffer) }
            if channel.isActive { try channel.close().wait() }
            // The handlers are released.
            channel.embeddedEventLoop.run()
        } catch {
            hold(false, "the channel: \(error)")
        }
        hold(receiver.isClosed, "the end is not reported")
        return TransportRun(
            isOpened: receiver.isOpened, messages: receiver.messages, skipped: receiver.skipped,
            fault: receiver.fault?.code, sent: sent)
    }

    /// Takes down what a transport tells, and holds it to its contract.
    private final class Receiver: TransportReceiver {
        private(set) var isOpened = false
        private(set) var messages: [ByteBuffer] = []
        private(set) var skipped: [ByteBuffer] = []
        private(set) var fault: ConnectionFault?
        private(set) var isClosed = false

        func transportSecured(channelID: [UInt8]?) { hold(false, "TLS out of the blue") }

        func transportOpened(_ transport: MessageTransport, serializer: SerializerID?) {
            hold(!self.isOpened && self.fault == nil && !self.isClosed, "opened once more, or too late")
            self.isOpened = true
        }

        func transportHeard(octets: Int) {}

        func transportReceived(_ message: ByteBuffer) {
            hold(self.isOpened && self.fault == nil && !self.isClosed, "a message out of the blue")
            self.messages.append(message)
        }

        func transportSkipped(beginning: ByteBuffer) {
            hold(self.isOpened && self.fault == nil && !self.isClosed, "a message out of the blue")
            self.skipped.append(beginning)
        }

        func transportWritabilityChanged(_ isWritable: Bool) {}

        func transportFailed(_ fault: ConnectionFault) {
            hold(self.fault == nil && !self.isClosed, "a second fault")
            hold(fault.message.utf8.count < 4096, "too long a fault")
            hold(fault.message.utf8.allSatisfy { $0 >= 0x20 }, "a fault of more than a line")
            self.fault = fault
        }

        func transportClosed() {
            hold(!self.isClosed, "closed twice")
            self.isClosed = true
        }
    }
}

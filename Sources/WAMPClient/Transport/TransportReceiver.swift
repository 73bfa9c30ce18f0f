import NIOCore
import WAMP

/// Who uses a transport: told what happens on it, on the event loop.
protocol TransportReceiver: AnyObject {
    /// The handshake is done; messages can be sent, by the serializer that was agreed on. At most once, and first.
    func transportOpened(_ transport: MessageTransport, serializer: SerializerID)
    /// Octets came in, whatever they are: a sign of life. Before the messages in them.
    func transportHeard()
    /// A whole message. Its bytes may be a slice of a larger buffer.
    func transportReceived(_ message: ByteBuffer)
    /// The channel's buffer of unsent output passed one of its watermarks.
    func transportWritabilityChanged(_ isWritable: Bool)
    /// The connection has to be closed; `transportClosed` follows. At most once.
    func transportFailed(_ fault: ConnectionFault)
    /// The channel is closed, by whomever. Nothing follows.
    func transportClosed()
}

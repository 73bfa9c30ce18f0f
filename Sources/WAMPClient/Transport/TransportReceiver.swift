package import NIOCore

/// Who uses a transport: told what happens on it, on the event loop.
package protocol TransportReceiver: AnyObject {
    /// The handshake is done; messages can be sent. At most once, and first.
    func transportOpened(_ transport: MessageTransport)
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

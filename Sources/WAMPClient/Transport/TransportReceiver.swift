package import NIOCore
package import WAMP

/// Who uses a transport: told what happens on it, on the event loop.
package protocol TransportReceiver: AnyObject {
    /// TLS stands: the router has proved who it is. At most once, ahead of everything else, and only with TLS.
    ///
    /// - Parameter channelID: what authentication can be bound to: see `OpenSSLHandler.channelID`.
    func transportSecured(channelID: [UInt8]?)
    /// The transport's handshake is done; messages can be sent. At most once, and ahead of what follows.
    ///
    /// - Parameter serializer: what was agreed on; nil if none was asked for.
    func transportOpened(_ transport: MessageTransport, serializer: SerializerID?)
    /// Octets came in, whatever they are: a sign of life. Before the messages in them.
    func transportHeard()
    /// A whole message. Its bytes may be a slice of a larger buffer.
    func transportReceived(_ message: ByteBuffer)
    /// A message came that is longer than what is taken, and is read past: its first octets. Nothing follows of it.
    func transportPassedOver(beginning: ByteBuffer)
    /// The channel's buffer of unsent output passed one of its watermarks.
    func transportWritabilityChanged(_ isWritable: Bool)
    /// The connection has to be closed; `transportClosed` follows. At most once.
    func transportFailed(_ fault: ConnectionFault)
    /// The channel is closed, by whomever. Nothing follows.
    func transportClosed()
}

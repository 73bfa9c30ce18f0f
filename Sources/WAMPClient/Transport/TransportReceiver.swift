package import NIOCore
package import WAMP

/// The user of a transport, which reports to it on the event loop.
package protocol TransportReceiver: AnyObject {
    /// TLS is established: the router has proved its identity. At most once, before everything else, and only with TLS.
    ///
    /// - Parameter channelID: what authentication can be bound to: see `OpenSSLHandler.channelID`.
    func transportSecured(channelID: [UInt8]?)
    /// The transport's handshake is done; messages can be sent. At most once, and before what follows.
    ///
    /// - Parameter serializer: the one that was agreed on; nil if none was asked for.
    func transportOpened(_ transport: MessageTransport, serializer: SerializerID?)
    /// Octets arrived, whatever they are: a sign of life. Before the messages in them.
    func transportHeard(octets: Int)
    /// A whole message arrived. Its bytes may be a slice of a larger buffer.
    func transportReceived(_ message: ByteBuffer)
    /// A message exceeds the limit, and is skipped: its first octets. Nothing else of it follows.
    func transportSkipped(beginning: ByteBuffer)
    /// The channel's buffer of unsent output passed one of its watermarks.
    func transportWritabilityChanged(_ isWritable: Bool)
    /// The connection must be closed; `transportClosed` follows. At most once.
    func transportFailed(_ fault: ConnectionFault)
    /// The channel is closed, by either side. Nothing follows.
    func transportClosed()
}

package import NIOCore
package import Names
package import WAMP
package import WAMPClient

/// What the port asks: the session with the router, as far as calls from SQL need it.
package protocol CallPortPeer: AnyObject {
    /// Whether more is welcome: the router takes what it is sent.
    var isWritable: Bool { get }

    /// See `Session.call`: nil if nothing was sent, and the completion has been told why.
    func call(
        _ procedure: URI, options: CallOptions, payload: Payload, timeout: TimeAmount,
        completion: @escaping (Result<CallResult, RequestError>) -> Void
    ) -> RequestID?

    /// See `Session.publish`.
    func publish(
        _ topic: URI, options: PublishOptions, payload: Payload,
        acknowledged completion: @escaping (Result<PublicationID, RequestError>) -> Void)

    /// Gives a call up at once; see `Session.cancel`.
    func cancel(_ call: RequestID)
}

extension Session: CallPortPeer {
    /// At once: nobody waits for the answer any more.
    package func cancel(_ call: RequestID) {
        self.cancel(call, mode: .killnowait)
    }
}

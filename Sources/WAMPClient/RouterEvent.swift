package import NIOCore
package import Names
package import WAMP

/// What is worth a log line or a counter; passed to `RouterDelegate.observed`.
package enum RouterEvent: Sendable {
    /// An attempt begins.
    case connecting(RouterURL)
    /// The attempt failed; the next one follows after a wait.
    case connectFailed(RouterURL, ConnectionFault, retryIn: TimeAmount)
    /// The router refused the credentials. The next attempt follows after a long wait, since they will not become
    /// right.
    case credentialsRefused(RouterURL, ConnectionFault, retryIn: TimeAmount)
    /// The router did not prove its identity, or others could read what would be sent. The next attempt follows after a
    /// long wait.
    case distrusted(RouterURL, ConnectionFault, retryIn: TimeAmount)
    /// The router refused a serializer, or may have; it is asked for the next one immediately. Reported once for each.
    case serializerRefused(RouterURL, SerializerID, ConnectionFault, next: SerializerID)
    /// A session is joined.
    case joined(
        RouterURL, session: SessionID, realm: String, agent: String?, authid: String?, authrole: String?,
        serializer: SerializerID)
    /// The session is over; the next attempt follows after a wait, or not at all if it is nil.
    case left(RouterURL, session: SessionID, ConnectionFault, retryIn: TimeAmount?)
    /// A request needs a feature that the router does not announce; reported once for each feature in a session.
    /// `isAskedFor`: the request is sent all the same, because the router announces no features at all.
    case featureMissing(RouterURL, RouterFeature, isAskedFor: Bool)
    /// A message was ignored, as the protocol requires.
    case dropped(SilentDrop)
    /// The answer to a request did not arrive: it is sent again.
    case askedAgain(MessageKind)
    /// Unsent output has passed one of its watermarks.
    case writabilityChanged(isWritable: Bool)
    /// `stop` has ended.
    case stopped
}

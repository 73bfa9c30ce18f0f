package import NIOCore
package import Names
package import WAMP

/// What is worth a log line or a counter; told to `RouterDelegate.observed`.
package enum RouterEvent: Sendable {
    /// An attempt begins.
    case connecting(RouterURL)
    /// The attempt came to nothing; the next one follows after a wait.
    case connectFailed(RouterURL, ConnectionFault, retryIn: TimeAmount)
    /// The router refused the credentials; tried again slowly, it will not get better by itself.
    case credentialsRefused(RouterURL, ConnectionFault, retryIn: TimeAmount)
    /// The router did not prove who it is, or others could read what it would be sent; tried again slowly.
    case distrusted(RouterURL, ConnectionFault, retryIn: TimeAmount)
    /// The router refused a serializer, or may have; it is asked for the next one at once. Told once for each.
    case serializerRefused(RouterURL, SerializerID, ConnectionFault, next: SerializerID)
    /// A session is joined.
    case joined(
        RouterURL, session: SessionID, realm: String, agent: String?, authid: String?, authrole: String?,
        serializer: SerializerID)
    /// The session is over; the next attempt follows after a wait, or none if that is nil.
    case left(RouterURL, session: SessionID, ConnectionFault, retryIn: TimeAmount?)
    /// Something was to be asked of the router that needs a feature which it does not announce: once for each in a
    /// session. `isAskedFor`: it is asked all the same, because the router announces nothing at all.
    case featureMissing(RouterURL, RouterFeature, isAskedFor: Bool)
    /// A message was ignored, as the protocol asks for.
    case dropped(SilentDrop)
    /// The answer to a request did not come: it is asked again.
    case askedAgain(MessageKind)
    /// Unsent output has passed one of its watermarks.
    case writabilityChanged(isWritable: Bool)
    /// `stop` has ended.
    case stopped
}

package import WAMP

/// Why a session ended.
package typealias SessionEnd = ConnectionFault

/// What a router's user is told; always on the router's event loop.
package protocol RouterDelegate: AnyObject {
    /// WELCOME is in: register and subscribe everything here.
    func joined(_ session: Session)
    /// The session is over and everything of it is forgotten; its pending requests have been failed already. The next
    /// attempt follows by itself, unless the router is being stopped.
    func left(_ session: Session, reason: SessionEnd)
    /// A call of a registered procedure; answered once with `yield` or `fail`. Its bytes are slices of what was read.
    func received(_ invocation: Invocation, in session: Session)
    /// An invocation is taken back; it may be unknown or answered already.
    func received(_ interrupt: Interrupt, in session: Session)
    /// An event of a subscription; may come late, after UNSUBSCRIBE.
    func received(_ event: Event, in session: Session)
    /// The router took a registration away.
    func revoked(_ registration: RegistrationID, reason: String?, in session: Session)
    /// The router took a subscription away.
    func revoked(_ subscription: SubscriptionID, reason: String?, in session: Session)
    /// Unsent output has grown large (false) or has shrunk again (true): produce less, or more.
    func writabilityChanged(_ isWritable: Bool, in session: Session)
    /// Something worth a log line or a counter.
    func observed(_ event: RouterEvent)
}

package import WAMP

/// Why a session ended.
package typealias SessionEnd = ConnectionFault

/// What a router reports to its user; always on the router's event loop.
package protocol RouterDelegate: AnyObject {
    /// WELCOME has arrived: register and subscribe everything here.
    func joined(_ session: Session)
    /// The session is over and has no state left; its pending requests have failed already. The next attempt follows,
    /// unless the router is being stopped.
    func left(_ session: Session, reason: SessionEnd)
    /// A call of a registered procedure; answered once with `yield` or `fail`. Its bytes are slices of the read buffer.
    func received(_ invocation: Invocation, in session: Session)
    /// An invocation is canceled; it may be unknown or answered already.
    func received(_ interrupt: Interrupt, in session: Session)
    /// An event of a subscription; it may arrive late, after UNSUBSCRIBE.
    func received(_ event: Event, in session: Session)
    /// The router revoked a registration.
    func revoked(_ registration: RegistrationID, reason: String?, in session: Session)
    /// The router revoked a subscription.
    func revoked(_ subscription: SubscriptionID, reason: String?, in session: Session)
    /// Unsent output has grown large (false) or has shrunk again (true): produce less, or more.
    func writabilityChanged(_ isWritable: Bool, in session: Session)
    /// Something worth a log line or a counter.
    func observed(_ event: RouterEvent)
}

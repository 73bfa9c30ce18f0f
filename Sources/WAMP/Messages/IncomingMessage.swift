/// A message that a router sent, its shape checked.
package enum IncomingMessage: Sendable, Equatable {
    /// The session is open.
    case welcome(Welcome)
    /// The session is refused, or broken off.
    case abort(Abort)
    /// The router asks us to prove our identity.
    case challenge(Challenge)
    /// The session ends in good order.
    case goodbye(Goodbye)
    /// A request of ours failed.
    case error(ErrorMessage)
    /// An ERROR for a request that can't fail, such as CANCEL; ignored.
    case strayError
    /// The broker has taken an event.
    case published(Published)
    /// Events will come.
    case subscribed(Subscribed)
    /// No more events will come.
    case unsubscribed(Unsubscribed)
    /// An event.
    case event(Event)
    /// The result of a call of ours.
    case result(CallResult)
    /// Calls of a procedure will come.
    case registered(Registered)
    /// No more calls of a procedure will come.
    case unregistered(Unregistered)
    /// A call for us.
    case invocation(Invocation)
    /// An invocation is canceled.
    case interrupt(Interrupt)
    /// A router's own extension (codes from 256 on), which we don't know; ignored.
    case `extension`(code: Int64)

    /// Its row in the table of messages; nil if there is none.
    package var kind: MessageKind? {
        switch self {
        case .welcome: .welcome
        case .abort: .abort
        case .challenge: .challenge
        case .goodbye: .goodbye
        case .error, .strayError: .error
        case .published: .published
        case .subscribed: .subscribed
        case .unsubscribed: .unsubscribed
        case .event: .event
        case .result: .result
        case .registered: .registered
        case .unregistered: .unregistered
        case .invocation: .invocation
        case .interrupt: .interrupt
        case .extension: nil
        }
    }
}

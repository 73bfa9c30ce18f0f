/// A message that we send.
package enum OutgoingMessage: Sendable, Equatable {
    /// Opens a session.
    case hello(Hello)
    /// Breaks the session off.
    case abort(Abort)
    /// Proves our identity.
    case authenticate(Authenticate)
    /// Ends the session in good order.
    case goodbye(Goodbye)
    /// An invocation failed.
    case error(InvocationError)
    /// An event.
    case publish(Publish)
    /// Asks for events.
    case subscribe(Subscribe)
    /// Gives a subscription back.
    case unsubscribe(Unsubscribe)
    /// Calls a procedure.
    case call(Call)
    /// Cancels a call.
    case cancel(Cancel)
    /// Offers a procedure.
    case register(Register)
    /// Gives a registration back.
    case unregister(Unregister)
    /// The result of an invocation.
    case yield(Yield)

    /// Its row in the table of messages.
    package var kind: MessageKind {
        switch self {
        case .hello: .hello
        case .abort: .abort
        case .authenticate: .authenticate
        case .goodbye: .goodbye
        case .error: .error
        case .publish: .publish
        case .subscribe: .subscribe
        case .unsubscribe: .unsubscribe
        case .call: .call
        case .cancel: .cancel
        case .register: .register
        case .unregister: .unregister
        case .yield: .yield
        }
    }
}

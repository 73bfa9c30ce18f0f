/// The kinds of messages that a client sends or receives, with their codes on the wire.
package enum MessageKind: Int, Sendable, CaseIterable {
    /// Opens a session.
    case hello = 1
    /// The session is open.
    case welcome = 2
    /// The session is refused, or broken off.
    case abort = 3
    /// The router asks the client to prove its identity.
    case challenge = 4
    /// The proof.
    case authenticate = 5
    /// The session ends in good order.
    case goodbye = 6
    /// A request failed.
    case error = 8
    /// An event for the broker.
    case publish = 16
    /// The broker has taken an event.
    case published = 17
    /// Asks for events.
    case subscribe = 32
    /// Events will come.
    case subscribed = 33
    /// Gives a subscription back.
    case unsubscribe = 34
    /// No more events will come.
    case unsubscribed = 35
    /// An event for a subscriber.
    case event = 36
    /// Calls a procedure.
    case call = 48
    /// Cancels a call.
    case cancel = 49
    /// The result of a call.
    case result = 50
    /// Offers a procedure.
    case register = 64
    /// Calls of the procedure will come.
    case registered = 65
    /// Gives a registration back.
    case unregister = 66
    /// No more calls will come.
    case unregistered = 67
    /// A call for a callee.
    case invocation = 68
    /// Cancels an invocation.
    case interrupt = 69
    /// The result of an invocation.
    case yield = 70

    /// The name in capital letters, as in the specification.
    package var name: String { self.shape.name.description }

    /// Whether clients send it.
    package var goesToRouter: Bool {
        switch self.shape.direction {
        case .toRouter, .both: true
        case .toClient: false
        }
    }

    /// Whether clients receive it.
    package var comesFromRouter: Bool {
        switch self.shape.direction {
        case .toClient, .both: true
        case .toRouter: false
        }
    }
}

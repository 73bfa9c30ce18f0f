import NIOCore
import Testing

@testable import WAMP

/// An open session.
func joined(firstRequestID: Int64 = 1) throws -> SessionStateMachine {
    var machine = SessionStateMachine(firstRequestID: firstRequestID)
    let hello = machine.open(try anyHello())
    #expect(hello != nil)
    let action = machine.received(.welcome(Welcome(session: id(99))))
    #expect(action == .joined(Welcome(session: id(99))))
    return machine
}

/// A HELLO.
func anyHello() throws -> Hello {
    try Authentication.anonymous(authid: nil).hello()
}

/// True if the action is to abort the session, with an explanation.
func isViolation(_ action: ReceivedAction) -> Bool {
    guard case .violation(let abort) = action else { return false }
    return abort.reason == "wamp.error.protocol_violation" && abort.message?.isEmpty == false
}

/// A CHALLENGE.
let anyChallenge = Challenge(method: "ticket", extra: .empty)
/// An ABORT.
let anyAbort = Abort(details: .empty, reason: "wamp.error.no_such_realm")

/// One message of each kind that can be received, by its name.
let receivableMessages: [(name: String, message: IncomingMessage)] = [
    ("WELCOME", .welcome(Welcome(session: id(1)))), ("ABORT", .abort(anyAbort)),
    ("CHALLENGE", .challenge(anyChallenge)),
    ("GOODBYE", .goodbye(Goodbye(reason: CloseReason.normal))),
    ("ERROR", .error(ErrorMessage(requestKind: .call, request: id(1), uri: "a"))),
    ("PUBLISHED", .published(Published(request: id(1), publication: id(1)))),
    ("SUBSCRIBED", .subscribed(Subscribed(request: id(1), subscription: id(1)))),
    ("UNSUBSCRIBED", .unsubscribed(.answer(id(1)))), ("EVENT", .event(Event(subscription: id(1), publication: id(1)))),
    ("RESULT", .result(CallResult(request: id(1)))),
    ("REGISTERED", .registered(Registered(request: id(1), registration: id(1)))),
    ("UNREGISTERED", .unregistered(.revoked(id(1), reason: nil))),
    ("INVOCATION", .invocation(Invocation(request: id(1), registration: id(1)))),
    ("INTERRUPT", .interrupt(Interrupt(request: id(1)))), ("extension", .extension(code: 337)),
]

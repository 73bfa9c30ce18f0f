package import Names

/// One session from HELLO to its end, without I/O (basic profile, sections "Sessions", "Publish and Subscribe", "Remote
/// Procedure Calls").
///
/// The driver hands in what was received and what is wanted, and does what the actions say. It keeps the table from
/// request ids to those that wait for an answer; at the end ``connectionLost()`` returns the ids that still wait.
///
/// Bad input is one of three:
/// - *Unreachable* (our bug): an operation in the wrong state, e.g. a second HELLO. It returns nil, and does nothing.
/// - *Protocol violation*: a malformed message, a message at the wrong time, an answer of the wrong kind. The session
///   is aborted.
/// - *Silent drop*: the legitimate races of ``SilentDrop``.
///
/// Invocations are not tracked: the code that runs them knows which are still running. An INVOCATION for a registration
/// that was just given back is delivered too, because its caller needs an answer.
package struct SessionStateMachine: ~Copyable {
    private enum State: ~Copyable {
        /// Nothing was sent. Requests will be counted from this number.
        case idle(firstRequestID: Int64)
        /// HELLO was sent.
        case opening(Opening)
        /// WELCOME was received.
        case joined(Joined)
        /// We sent GOODBYE.
        case closing(PendingRequests)
        /// GOODBYE was received, or ABORT sent or received, or the connection is lost.
        case ended(PendingRequests)
    }

    /// The state until the session is open.
    private struct Opening {
        /// Requests will be counted from this number.
        var firstRequestID: Int64
        /// How many challenges were received.
        var rounds = 0
        /// True from a challenge to its answer.
        var owesAnswer = false
    }

    /// The state while the session is open.
    struct Joined: ~Copyable {
        var requests: PendingRequests
        /// The number of references to each subscription: the router has one for all of them.
        var subscriptions: [SubscriptionID: Int] = [:]
        /// The number of UNSUBSCRIBEs that the router has not answered. Until then, events that it sent before may
        /// come.
        var leaving: [SubscriptionID: Int] = [:]
        var registrations: Set<RegistrationID> = []

        /// An UNSUBSCRIBE was answered.
        mutating func left(_ subscription: SubscriptionID) {
            let count = (self.leaving[subscription] ?? 1) - 1
            self.leaving[subscription] = count > 0 ? count : nil
        }
    }

    /// A router that sends more challenges than this is not authenticating.
    private static let mostRounds = 8

    private var state: State

    /// A session that has not begun.
    package init() {
        self.init(firstRequestID: 1)
    }

    /// A session that counts its requests from another number (for tests of the end of the range).
    init(firstRequestID: Int64) {
        self.init(.idle(firstRequestID: firstRequestID))
    }

    private init(_ state: consuming State) {
        self.state = state
    }

    /// True between WELCOME and the end.
    package var isJoined: Bool {
        switch self.state {
        case .joined: true
        case .idle: false
        case .opening: false
        case .closing: false
        case .ended: false
        }
    }

    // MARK: Opening

    /// Begins the session: the HELLO must be sent as the first message. Nil if it was sent before.
    package mutating func open(_ hello: Hello) -> Hello? {
        switch consume self.state {
        case .idle(let firstRequestID):
            self = Self(.opening(Opening(firstRequestID: firstRequestID)))
            return hello
        case .opening(let opening):
            self = Self(.opening(opening))
        case .joined(let joined):
            self = Self(.joined(joined))
        case .closing(let requests):
            self = Self(.closing(requests))
        case .ended(let requests):
            self = Self(.ended(requests))
        }
        assertionFailure("a session is opened once")
        return nil
    }

    /// The answer to the last challenge, to be sent. Nil if the session has ended meanwhile.
    package mutating func authenticate(_ answer: Authenticate) -> Authenticate? {
        switch consume self.state {
        case .opening(var opening):
            let owedAnswer = opening.owesAnswer
            opening.owesAnswer = false
            self = Self(.opening(opening))
            return owedAnswer ? answer : nil
        case .idle(let firstRequestID):
            self = Self(.idle(firstRequestID: firstRequestID))
        case .joined(let joined):
            self = Self(.joined(joined))
        case .closing(let requests):
            self = Self(.closing(requests))
        case .ended(let requests):
            self = Self(.ended(requests))
        }
        return nil
    }

    /// The last challenge can't be answered, or the router that has just sent WELCOME is not the right one. Send the
    /// ABORT, then close the connection. Nil if the session has ended meanwhile.
    package mutating func refuse(_ error: AuthenticationError) -> Abort? {
        switch consume self.state {
        case .opening(let opening):
            guard opening.owesAnswer else {
                self = Self(.opening(opening))
                return nil
            }
            self = Self(.ended(PendingRequests()))
            return Self.abort(error)
        case .idle(let firstRequestID):
            self = Self(.idle(firstRequestID: firstRequestID))
        case .joined(let joined):
            self = Self(.ended(joined.requests))
            return Self.abort(error)
        case .closing(let requests):
            self = Self(.closing(requests))
        case .ended(let requests):
            self = Self(.ended(requests))
        }
        return nil
    }

    private static func abort(_ error: AuthenticationError) -> Abort {
        let reason = error == .otherMethod ? WAMPError.noMatchingAuthMethod : WAMPError.authenticationFailed
        return Abort(details: Details(["message": .string(error.description)]), reason: reason.text)
    }

    // MARK: Ending

    /// Asks for the end of the session. Requests that wait keep waiting until ``connectionLost()``.
    package mutating func close(reason: URI) -> CloseAction {
        switch consume self.state {
        case .joined(let joined):
            self = Self(.closing(joined.requests))
            return .send(Goodbye(reason: reason))
        case .idle:
            self = Self(.ended(PendingRequests()))
            return .closeConnection
        case .opening:
            self = Self(.ended(PendingRequests()))
            return .closeConnection
        case .closing(let requests):
            self = Self(.closing(requests))
            return .wait
        case .ended(let requests):
            self = Self(.ended(requests))
            return .closeConnection
        }
    }

    /// The connection is closed, so the session is over, whatever its state was.
    ///
    /// - Returns: the requests that still wait, in order. They fail; whether the router handled them is unknown.
    package mutating func connectionLost() -> [RequestID] {
        let waiting: [RequestID]
        switch consume self.state {
        case .idle: waiting = []
        case .opening: waiting = []
        case .joined(let joined): waiting = joined.requests.all()
        case .closing(let requests): waiting = requests.all()
        case .ended(let requests): waiting = requests.all()
        }
        self = Self(.ended(PendingRequests()))
        return waiting
    }

    // MARK: Requests

    /// Changes the state of an open session; nil in any other state.
    mutating func whileJoined<Result>(_ body: (inout Joined) -> Result?) -> Result? {
        switch consume self.state {
        case .joined(var joined):
            let result = body(&joined)
            self = Self(.joined(joined))
            return result
        case .idle(let firstRequestID):
            self = Self(.idle(firstRequestID: firstRequestID))
        case .opening(let opening):
            self = Self(.opening(opening))
        case .closing(let requests):
            self = Self(.closing(requests))
        case .ended(let requests):
            self = Self(.ended(requests))
        }
        return nil
    }

    // MARK: Receiving

    /// A message was received.
    package mutating func received(_ message: IncomingMessage) -> ReceivedAction {
        switch consume self.state {
        case .joined(var joined):
            let action = Self.received(message, &joined)
            if Self.isEnd(action) {
                self = Self(.ended(joined.requests))
            } else {
                self = Self(.joined(joined))
            }
            return action
        case .opening(let opening):
            self = Self(.ended(PendingRequests()))
            return self.receivedWhileOpening(message, opening)
        case .closing(let requests):
            switch message {
            case .goodbye:
                self = Self(.ended(requests))
                return .closed
            case .abort(let abort):
                self = Self(.ended(requests))
                return .aborted(abort)
            case .welcome, .challenge, .error, .published, .subscribed, .unsubscribed, .event, .result, .registered,
                .unregistered, .invocation, .interrupt, .extension, .strayError:
                self = Self(.closing(requests))
                return .drop(.afterGoodbye)
            }
        case .ended(let requests):
            self = Self(.ended(requests))
            return .drop(.afterEnd)
        case .idle:
            self = Self(.ended(PendingRequests()))
            return .violation(.protocolViolation("a message before HELLO"))
        }
    }

    /// The received bytes are not a message. Send the ABORT, then close the connection. Nil if the session has ended,
    /// so that nothing may be sent any more.
    package mutating func received(_ error: MessageError) -> Abort? {
        switch consume self.state {
        case .idle:
            self = Self(.ended(PendingRequests()))
        case .opening:
            self = Self(.ended(PendingRequests()))
        case .joined(let joined):
            self = Self(.ended(joined.requests))
        case .closing(let requests):
            self = Self(.ended(requests))
            return nil
        case .ended(let requests):
            self = Self(.ended(requests))
            return nil
        }
        return .protocolViolation(error.description)
    }

    /// Before WELCOME. Every message ends the session, except WELCOME and CHALLENGE.
    private mutating func receivedWhileOpening(_ message: IncomingMessage, _ opening: Opening) -> ReceivedAction {
        switch message {
        case .welcome(let welcome):
            guard !opening.owesAnswer else {
                return .violation(.protocolViolation("WELCOME before the challenge was answered"))
            }
            let requests = PendingRequests(firstID: opening.firstRequestID)
            self = Self(.joined(Joined(requests: requests)))
            return .joined(welcome)
        case .challenge(let challenge):
            guard !opening.owesAnswer, opening.rounds < Self.mostRounds else {
                return .violation(.protocolViolation("too many challenges"))
            }
            var opening = opening
            opening.rounds += 1
            opening.owesAnswer = true
            self = Self(.opening(opening))
            return .challenged(challenge)
        case .abort(let abort):
            return .refused(abort)
        case .extension:
            self = Self(.opening(opening))
            return .drop(.unknownExtension)
        case .strayError:
            self = Self(.opening(opening))
            return .drop(.strayError)
        case .goodbye, .error, .published, .subscribed, .unsubscribed, .event, .result, .registered, .unregistered,
            .invocation, .interrupt:
            return .violation(.protocolViolation("a message before WELCOME"))
        }
    }

    private static func received(_ message: IncomingMessage, _ joined: inout Joined) -> ReceivedAction {
        switch message {
        case .invocation(let invocation):
            return .invocation(invocation)
        case .interrupt(let interrupt):
            return .interrupt(interrupt)
        case .event(let event):
            guard joined.subscriptions[event.subscription] != nil || joined.leaving[event.subscription] != nil else {
                return .drop(.eventAfterUnsubscribe)
            }
            return .event(event)
        case .result(let result):
            let isProgress = result.isProgress
            if isProgress, joined.requests.isWaiting(result.request, for: .call(receivesProgress: false)) {
                return .drop(.unaskedProgress)
            }
            return self.answer(result.request, .call, isFinal: !isProgress, &joined) { _, _ in
                isProgress ? .progress(result) : .result(result)
            }
        case .error(let error):
            return self.answer(error.request, error.requestKind, &joined) { request, joined in
                if case .unsubscribe(let subscription) = request { joined.left(subscription) }
                return .failed(error)
            }
        case .published(let published):
            return self.answer(published.request, .publish, &joined) { _, _ in .published(published.publication) }
        case .subscribed(let subscribed):
            return self.answer(subscribed.request, .subscribe, &joined) { _, joined in
                joined.subscriptions[subscribed.subscription, default: 0] += 1
                return .subscribed(subscribed.subscription)
            }
        case .registered(let registered):
            return self.answer(registered.request, .register, &joined) { _, joined in
                joined.registrations.insert(registered.registration)
                return .registered(registered.registration)
            }
        case .unsubscribed(.answer(let request)):
            return self.answer(request, .unsubscribe, &joined) { request, joined in
                guard case .unsubscribe(let subscription) = request else { return .unsubscribed(lost: 0) }
                joined.left(subscription)
                return .unsubscribed(lost: joined.subscriptions.removeValue(forKey: subscription) ?? 0)
            }
        case .unregistered(.answer(let request)):
            return self.answer(request, .unregister, &joined) { _, _ in .unregistered }
        case .unsubscribed(.revoked(let subscription, let reason)):
            guard joined.subscriptions.removeValue(forKey: subscription) != nil else { return .drop(.lateRevocation) }
            return .subscriptionRevoked(subscription, reason: reason)
        case .unregistered(.revoked(let registration, let reason)):
            guard joined.registrations.remove(registration) != nil else { return .drop(.lateRevocation) }
            return .registrationRevoked(registration, reason: reason)
        case .goodbye(let goodbye):
            return .ended(goodbye, reply: Goodbye(reason: CloseReason.goodbyeAndOut))
        case .abort(let abort):
            return .aborted(abort)
        case .welcome:
            return .violation(.protocolViolation("a second WELCOME"))
        case .challenge:
            return .violation(.protocolViolation("CHALLENGE after WELCOME"))
        case .extension:
            return .drop(.unknownExtension)
        case .strayError:
            return .drop(.strayError)
        }
    }

    private static func answer(
        _ id: RequestID, _ kind: MessageKind, isFinal: Bool = true, _ joined: inout Joined,
        _ make: (PendingRequests.Request, inout Joined) -> RequestAnswer
    ) -> ReceivedAction {
        switch joined.requests.match(id, kind: kind, isFinal: isFinal) {
        case .request(let request): .answered(id, make(request, &joined))
        case .otherKind(let other):
            .violation(.protocolViolation("request \(id) is a \(other.name), not a \(kind.name)"))
        case .none(let drop): .drop(drop)
        }
    }

    private static func isEnd(_ action: borrowing ReceivedAction) -> Bool {
        switch action {
        case .refused, .aborted, .ended, .closed, .violation: true
        case .joined, .challenged, .answered, .registrationRevoked, .subscriptionRevoked, .invocation, .interrupt,
            .event, .drop:
            false
        }
    }
}

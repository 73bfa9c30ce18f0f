import NIOCore
import Testing

@testable import WAMP

/// A session that is open.
private func joined(firstRequestID: Int64 = 1) throws -> SessionStateMachine {
    var machine = SessionStateMachine(firstRequestID: firstRequestID)
    let hello = machine.open(try anyHello())
    #expect(hello != nil)
    let action = machine.received(.welcome(Welcome(session: id(99))))
    #expect(action == .joined(Welcome(session: id(99))))
    return machine
}

private func anyHello() throws -> Hello {
    Authentication.anonymous(authid: nil).hello(realm: try Realm("realm1"), agent: "test")
}

private func isViolation(_ action: ReceivedAction) -> Bool {
    guard case .violation(let abort) = action else { return false }
    return abort.reason == "wamp.error.protocol_violation" && abort.message?.isEmpty == false
}

private let challenge = Challenge(method: "ticket", extra: .empty)
private let abort = Abort(details: .empty, reason: "wamp.error.no_such_realm")

/// One message of each kind that can be received, by its name.
private let messages: [(name: String, message: IncomingMessage)] = [
    ("WELCOME", .welcome(Welcome(session: id(1)))), ("ABORT", .abort(abort)), ("CHALLENGE", .challenge(challenge)),
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

@Suite struct SessionOpeningTests {
    @Test func joins() throws {
        var machine = SessionStateMachine()
        let before = machine.isJoined
        #expect(!before)
        let hello = machine.open(try anyHello())
        #expect(hello == (try anyHello()))
        let opening = machine.isJoined
        #expect(!opening)
        let action = machine.received(.welcome(Welcome(session: id(7))))
        #expect(action == .joined(Welcome(session: id(7))))
        let after = machine.isJoined
        #expect(after)
    }

    @Test func challengeRounds() throws {
        var machine = SessionStateMachine()
        _ = machine.open(try anyHello())
        for _ in 0..<3 {
            let action = machine.received(.challenge(challenge))
            #expect(action == .challenged(challenge))
            let answer = machine.authenticate(Authenticate(signature: "x"))
            #expect(answer == Authenticate(signature: "x"))
            let again = machine.authenticate(Authenticate(signature: "x"))
            #expect(again == nil)
        }
        let action = machine.received(.welcome(Welcome(session: id(7))))
        #expect(action == .joined(Welcome(session: id(7))))
    }

    @Test func endlessChallengesAreAViolation() throws {
        var machine = SessionStateMachine()
        _ = machine.open(try anyHello())
        for _ in 0..<8 {
            let action = machine.received(.challenge(challenge))
            #expect(action == .challenged(challenge))
            _ = machine.authenticate(Authenticate(signature: "x"))
        }
        let action = machine.received(.challenge(challenge))
        #expect(isViolation(action))
    }

    @Test func aSecondChallengeBeforeTheAnswerIsAViolation() throws {
        var machine = SessionStateMachine()
        _ = machine.open(try anyHello())
        _ = machine.received(.challenge(challenge))
        let action = machine.received(.challenge(challenge))
        #expect(isViolation(action))
        let answer = machine.authenticate(Authenticate(signature: "x"))
        #expect(answer == nil)
    }

    @Test func welcomeBeforeTheAnswerIsAViolation() throws {
        var machine = SessionStateMachine()
        _ = machine.open(try anyHello())
        _ = machine.received(.challenge(challenge))
        let action = machine.received(.welcome(Welcome(session: id(1))))
        #expect(isViolation(action))
    }

    @Test func refusingAChallenge() throws {
        var machine = SessionStateMachine()
        _ = machine.open(try anyHello())
        let early = machine.refuse(.cryptography)
        #expect(early == nil)
        _ = machine.received(.challenge(challenge))
        let refusal = machine.refuse(.otherMethod)
        #expect(refusal?.reason == "wamp.error.no_matching_auth_method")
        let again = machine.refuse(.otherMethod)
        #expect(again == nil)
        let late = machine.received(.welcome(Welcome(session: id(1))))
        #expect(late == .drop(.afterEnd))
    }

    @Test func refusedByTheRouter() throws {
        var machine = SessionStateMachine()
        _ = machine.open(try anyHello())
        let action = machine.received(.abort(abort))
        #expect(action == .refused(abort))
        let late = machine.received(.goodbye(Goodbye(reason: CloseReason.normal)))
        #expect(late == .drop(.afterEnd))
    }

    @Test func onlyThreeKindsMayComeBeforeWelcome() throws {
        for (name, message) in messages where !["WELCOME", "CHALLENGE", "ABORT", "extension"].contains(name) {
            var machine = SessionStateMachine()
            _ = machine.open(try anyHello())
            let action = machine.received(message)
            #expect(isViolation(action), "\(name)")
            let late = machine.received(.welcome(Welcome(session: id(1))))
            #expect(late == .drop(.afterEnd))
        }
    }

    @Test func nothingMayComeBeforeHello() {
        for (name, message) in messages {
            var machine = SessionStateMachine()
            let action = machine.received(message)
            #expect(isViolation(action), "\(name)")
        }
    }

    @Test func noRequestsBeforeWelcome() throws {
        var machine = SessionStateMachine()
        _ = machine.open(try anyHello())
        let ids = [
            machine.publish(acknowledged: true), machine.publish(acknowledged: false), machine.subscribe(),
            machine.register(), machine.call(), machine.unregister(id(1)),
        ]
        #expect(ids.allSatisfy { $0 == nil })
        let action = machine.unsubscribe(id(1))
        #expect(action == .unknown)
    }
}

@Suite struct SessionRequestTests {
    @Test func idsCountFromOne() throws {
        var machine = try joined()
        let ids = [
            machine.register(), machine.publish(acknowledged: false), machine.publish(acknowledged: true),
            machine.call(), machine.subscribe(),
        ]
        #expect(ids == [id(1), id(2), id(3), id(4), id(5)])
    }

    @Test func idsWrapAfterTheGreatest() throws {
        var machine = try joined(firstRequestID: 9_007_199_254_740_991)
        let ids = [machine.call(), machine.call(), machine.call(), machine.call()]
        #expect(ids == [id(9_007_199_254_740_991), id(9_007_199_254_740_992), id(1), id(2)])
        let action = machine.received(.result(CallResult(request: id(9_007_199_254_740_992))))
        #expect(
            action == .answered(id(9_007_199_254_740_992), .result(CallResult(request: id(9_007_199_254_740_992)))))
    }

    @Test func idsInUseAreSkippedAfterWrapping() {
        var requests = PendingRequests(firstID: 1)
        let waiting = requests.add(.call)
        #expect(waiting == id(1))
        var wrapped = PendingRequests(firstID: RequestID.greatestRawValue)
        let last = wrapped.add(.call)
        let first = wrapped.add(.call)
        #expect([last, first] == [id(RequestID.greatestRawValue), id(1)])
        wrapped.forget(last)
        let all = wrapped.all()
        #expect(all == [id(1)])
    }

    @Test func everyAnswerFindsItsRequest() throws {
        var machine = try joined()
        let register = try present(machine.register())
        let subscribe = try present(machine.subscribe())
        let publish = try present(machine.publish(acknowledged: true))
        let call = try present(machine.call())
        let actions = [
            machine.received(.result(CallResult(request: call))),
            machine.received(.published(Published(request: publish, publication: id(12)))),
            machine.received(.subscribed(Subscribed(request: subscribe, subscription: id(11)))),
            machine.received(.registered(Registered(request: register, registration: id(10)))),
        ]
        #expect(
            actions == [
                .answered(call, .result(CallResult(request: call))), .answered(publish, .published(id(12))),
                .answered(subscribe, .subscribed(id(11))), .answered(register, .registered(id(10))),
            ])
        let waiting = machine.connectionLost()
        #expect(waiting == [])
    }

    @Test func errorsAnswerRequests() throws {
        var machine = try joined()
        let register = try present(machine.register())
        let error = ErrorMessage(requestKind: .register, request: register, uri: "wamp.error.procedure_already_exists")
        let action = machine.received(.error(error))
        #expect(action == .answered(register, .failed(error)))
        let again = machine.received(.error(error))
        #expect(again == .drop(.lateAnswer))
    }

    @Test func anAnswerOfAnotherKindIsAViolation() throws {
        var machine = try joined()
        let register = try present(machine.register())
        let action = machine.received(.subscribed(Subscribed(request: register, subscription: id(1))))
        #expect(isViolation(action))
        let waiting = machine.connectionLost()
        #expect(waiting == [register])
    }

    @Test func anErrorOfAnotherKindIsAViolation() throws {
        var machine = try joined()
        let call = try present(machine.call())
        let action = machine.received(.error(ErrorMessage(requestKind: .publish, request: call, uri: "a")))
        #expect(isViolation(action))
    }

    @Test func answersToNothingAreDropped() throws {
        var machine = try joined()
        let call = try present(machine.call())
        _ = machine.received(.result(CallResult(request: call)))
        let late = machine.received(.result(CallResult(request: call)))
        #expect(late == .drop(.lateAnswer))
        let unknown = machine.received(.result(CallResult(request: id(1000))))
        #expect(unknown == .drop(.unknownAnswer))
        let unacknowledged = try present(machine.publish(acknowledged: false))
        let published = machine.received(.published(Published(request: unacknowledged, publication: id(1))))
        #expect(published == .drop(.lateAnswer))
    }

    @Test func progressiveResults() throws {
        var machine = try joined()
        let call = try present(machine.call())
        let part = CallResult(request: call, details: Details(["progress": .bool(true)]))
        for _ in 0..<2 {
            let action = machine.received(.result(part))
            #expect(action == .answered(call, .progress(part)))
        }
        let last = machine.received(.result(CallResult(request: call)))
        #expect(last == .answered(call, .result(CallResult(request: call))))
        let late = machine.received(.result(part))
        #expect(late == .drop(.lateAnswer))
    }

    @Test func abandonedCalls() throws {
        var machine = try joined()
        let call = try present(machine.call())
        let canCancel = machine.canCancel(call)
        #expect(canCancel)
        let isAbandoned = machine.abandon(call)
        #expect(isAbandoned)
        let isAbandonedAgain = machine.abandon(call)
        #expect(!isAbandonedAgain)
        let canStillCancel = machine.canCancel(call)
        #expect(!canStillCancel)
        let action = machine.received(.result(CallResult(request: call)))
        #expect(action == .drop(.lateAnswer))
    }

    @Test func whatChangesTheRouterIsNotAbandoned() throws {
        var machine = try joined()
        let register = try present(machine.register())
        let isAbandoned = machine.abandon(register)
        #expect(!isAbandoned)
        let canCancel = machine.canCancel(register)
        #expect(!canCancel)
        let action = machine.received(.registered(Registered(request: register, registration: id(5))))
        #expect(action == .answered(register, .registered(id(5))))
    }

    @Test func whatWaitsFailsWithTheConnection() throws {
        var machine = try joined()
        _ = machine.call()
        _ = machine.publish(acknowledged: false)
        _ = machine.register()
        let waiting = machine.connectionLost()
        #expect(waiting == [id(1), id(3)])
        let again = machine.connectionLost()
        #expect(again == [])
        let call = machine.call()
        #expect(call == nil)
        let late = machine.received(.result(CallResult(request: id(1))))
        #expect(late == .drop(.afterEnd))
    }
}

@Suite struct SessionSubscriptionTests {
    /// Asks for a subscription and gets it.
    private func subscribe(_ machine: inout SessionStateMachine, _ subscription: SubscriptionID) throws {
        let request = try present(machine.subscribe())
        let action = machine.received(.subscribed(Subscribed(request: request, subscription: subscription)))
        #expect(action == .answered(request, .subscribed(subscription)))
    }

    @Test func eventsOfOurSubscriptions() throws {
        var machine = try joined()
        try self.subscribe(&machine, id(7))
        let event = Event(subscription: id(7), publication: id(1))
        let action = machine.received(.event(event))
        #expect(action == .event(event))
        let other = machine.received(.event(Event(subscription: id(8), publication: id(1))))
        #expect(other == .drop(.eventAfterUnsubscribe))
    }

    @Test func theLastReferenceUnsubscribes() throws {
        var machine = try joined()
        try self.subscribe(&machine, id(7))
        try self.subscribe(&machine, id(7))
        let first = machine.unsubscribe(id(7))
        #expect(first == .released)
        let second = machine.unsubscribe(id(7))
        #expect(second == .send(id(3)))
        let third = machine.unsubscribe(id(7))
        #expect(third == .unknown)
        let late = machine.received(.event(Event(subscription: id(7), publication: id(1))))
        #expect(late == .drop(.eventAfterUnsubscribe))
        let answer = machine.received(.unsubscribed(.answer(id(3))))
        #expect(answer == .answered(id(3), .unsubscribed(lost: 0)))
    }

    /// SUBSCRIBE was on its way when the last reference was given up: the router ends both.
    @Test func aSubscribeThatCrossesAnUnsubscribe() throws {
        var machine = try joined()
        try self.subscribe(&machine, id(7))
        let crossing = try present(machine.subscribe())
        let action = machine.unsubscribe(id(7))
        #expect(action == .send(id(3)))
        _ = machine.received(.subscribed(Subscribed(request: crossing, subscription: id(7))))
        let answer = machine.received(.unsubscribed(.answer(id(3))))
        #expect(answer == .answered(id(3), .unsubscribed(lost: 1)))
        let late = machine.received(.event(Event(subscription: id(7), publication: id(1))))
        #expect(late == .drop(.eventAfterUnsubscribe))
    }

    @Test func revokedSubscriptions() throws {
        var machine = try joined()
        try self.subscribe(&machine, id(7))
        try self.subscribe(&machine, id(7))
        let action = machine.received(.unsubscribed(.revoked(id(7), reason: "r")))
        #expect(action == .subscriptionRevoked(id(7), reason: "r"))
        let again = machine.received(.unsubscribed(.revoked(id(7), reason: "r")))
        #expect(again == .drop(.lateRevocation))
        let unsubscribe = machine.unsubscribe(id(7))
        #expect(unsubscribe == .unknown)
    }

    @Test func registrations() throws {
        var machine = try joined()
        let register = try present(machine.register())
        _ = machine.received(.registered(Registered(request: register, registration: id(9))))
        let unregister = try present(machine.unregister(id(9)))
        let again = machine.unregister(id(9))
        #expect(again == nil)
        // The caller of an invocation that crosses UNREGISTER needs its answer.
        let invocation = Invocation(request: id(1), registration: id(9))
        let delivered = machine.received(.invocation(invocation))
        #expect(delivered == .invocation(invocation))
        let revocation = machine.received(.unregistered(.revoked(id(9), reason: nil)))
        #expect(revocation == .drop(.lateRevocation))
        let answer = machine.received(.unregistered(.answer(unregister)))
        #expect(answer == .answered(unregister, .unregistered))
    }

    @Test func revokedRegistrations() throws {
        var machine = try joined()
        let register = try present(machine.register())
        _ = machine.received(.registered(Registered(request: register, registration: id(9))))
        let action = machine.received(.unregistered(.revoked(id(9), reason: "wamp.error.unregistered")))
        #expect(action == .registrationRevoked(id(9), reason: "wamp.error.unregistered"))
        let unregister = machine.unregister(id(9))
        #expect(unregister == nil)
    }
}

@Suite struct SessionEndTests {
    @Test func goodbyeByUs() throws {
        var machine = try joined()
        _ = machine.call()
        let action = machine.close(reason: CloseReason.systemShutdown)
        #expect(action == .send(Goodbye(reason: CloseReason.systemShutdown)))
        let again = machine.close(reason: CloseReason.normal)
        #expect(again == .wait)
        for (name, message) in messages where !["GOODBYE", "ABORT"].contains(name) {
            let dropped = machine.received(message)
            #expect(dropped == .drop(.afterGoodbye), "\(name)")
        }
        let publish = machine.publish(acknowledged: false)
        #expect(publish == nil)
        let answer = machine.received(.goodbye(Goodbye(reason: CloseReason.goodbyeAndOut)))
        #expect(answer == .closed)
        let late = machine.received(.goodbye(Goodbye(reason: CloseReason.goodbyeAndOut)))
        #expect(late == .drop(.afterEnd))
        let waiting = machine.connectionLost()
        #expect(waiting == [id(1)])
    }

    @Test func goodbyeByTheRouter() throws {
        var machine = try joined()
        _ = machine.call()
        let goodbye = Goodbye(reason: CloseReason.killed)
        let action = machine.received(.goodbye(goodbye))
        #expect(action == .ended(goodbye, reply: Goodbye(reason: CloseReason.goodbyeAndOut)))
        let call = machine.call()
        #expect(call == nil)
        let close = machine.close(reason: CloseReason.normal)
        #expect(close == .closeConnection)
        let waiting = machine.connectionLost()
        #expect(waiting == [id(1)])
    }

    @Test func closingBeforeItIsOpen() throws {
        var idle = SessionStateMachine()
        let fromIdle = idle.close(reason: CloseReason.normal)
        #expect(fromIdle == .closeConnection)
        var opening = SessionStateMachine()
        _ = opening.open(try anyHello())
        let fromOpening = opening.close(reason: CloseReason.normal)
        #expect(fromOpening == .closeConnection)
        let late = opening.received(.welcome(Welcome(session: id(1))))
        #expect(late == .drop(.afterEnd))
    }

    @Test func abortByTheRouter() throws {
        var machine = try joined()
        let action = machine.received(.abort(abort))
        #expect(action == .aborted(abort))
        var closing = try joined()
        _ = closing.close(reason: CloseReason.normal)
        let whileClosing = closing.received(.abort(abort))
        #expect(whileClosing == .aborted(abort))
    }

    @Test func secondWelcomeOrChallenge() throws {
        for message in [IncomingMessage.welcome(Welcome(session: id(1))), .challenge(challenge)] {
            var machine = try joined()
            let action = machine.received(message)
            #expect(isViolation(action))
            let isJoined = machine.isJoined
            #expect(!isJoined)
        }
    }

    @Test func whatIsNoMessageAborts() throws {
        let error = MessageError(.unknownCode(7))
        var machine = try joined()
        let abort = machine.received(error)
        #expect(abort == .protocolViolation("there is no message with code 7"))
        let again = machine.received(error)
        #expect(again == nil)
        var opening = SessionStateMachine()
        _ = opening.open(try anyHello())
        let whileOpening = opening.received(error)
        #expect(whileOpening?.reason == "wamp.error.protocol_violation")
        var closing = try joined()
        _ = closing.close(reason: CloseReason.normal)
        let whileClosing = closing.received(error)
        #expect(whileClosing == nil)
    }

    @Test func extensionsAreIgnored() throws {
        var machine = try joined()
        let action = machine.received(.extension(code: 337))
        #expect(action == .drop(.unknownExtension))
        let isJoined = machine.isJoined
        #expect(isJoined)
    }
}

import NIOCore
import Testing

@testable import WAMP

@Suite struct SessionSubscriptionTests {
    /// Asks for a subscription, and receives the answer.
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
        let event = Event(subscription: id(7), publication: id(1))
        let crossing = machine.received(.event(event))
        #expect(crossing == .event(event))
        let answer = machine.received(.unsubscribed(.answer(id(3))))
        #expect(answer == .answered(id(3), .unsubscribed(lost: 0)))
        let late = machine.received(.event(event))
        #expect(late == .drop(.eventAfterUnsubscribe))
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

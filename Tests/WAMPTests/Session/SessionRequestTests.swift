import NIOCore
import Testing

@testable import WAMP

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
        let waiting = requests.add(.call(receivesProgress: false))
        #expect(waiting == id(1))
        var wrapped = PendingRequests(firstID: RequestID.greatestRawValue)
        let last = wrapped.add(.call(receivesProgress: false))
        let first = wrapped.add(.call(receivesProgress: false))
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

    /// A callee sends them: not a reason to end the session, and of no use to the caller.
    @Test func unaskedProgressIsDropped() throws {
        var machine = try joined()
        let call = try present(machine.call())
        let part = CallResult(request: call, details: Details(["progress": .bool(true)]))
        let dropped = machine.received(.result(part))
        #expect(dropped == .drop(.unaskedProgress))
        let whole = machine.received(.result(CallResult(request: call)))
        #expect(whole == .answered(call, .result(CallResult(request: call))))
    }

    @Test func progressiveResults() throws {
        var machine = try joined()
        let call = try present(machine.call(receivesProgress: true))
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

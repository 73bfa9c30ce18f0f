import NIOCore
import Testing

@testable import WAMP

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
            let action = machine.received(.challenge(anyChallenge))
            #expect(action == .challenged(anyChallenge))
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
            let action = machine.received(.challenge(anyChallenge))
            #expect(action == .challenged(anyChallenge))
            _ = machine.authenticate(Authenticate(signature: "x"))
        }
        let action = machine.received(.challenge(anyChallenge))
        #expect(isViolation(action))
    }

    @Test func aSecondChallengeBeforeTheAnswerIsAViolation() throws {
        var machine = SessionStateMachine()
        _ = machine.open(try anyHello())
        _ = machine.received(.challenge(anyChallenge))
        let action = machine.received(.challenge(anyChallenge))
        #expect(isViolation(action))
        let answer = machine.authenticate(Authenticate(signature: "x"))
        #expect(answer == nil)
    }

    @Test func welcomeBeforeTheAnswerIsAViolation() throws {
        var machine = SessionStateMachine()
        _ = machine.open(try anyHello())
        _ = machine.received(.challenge(anyChallenge))
        let action = machine.received(.welcome(Welcome(session: id(1))))
        #expect(isViolation(action))
    }

    @Test func refusingAChallenge() throws {
        var machine = SessionStateMachine()
        _ = machine.open(try anyHello())
        let early = machine.refuse(.cryptography)
        #expect(early == nil)
        _ = machine.received(.challenge(anyChallenge))
        let refusal = machine.refuse(.otherMethod)
        #expect(refusal?.reason == "wamp.error.no_matching_auth_method")
        let again = machine.refuse(.otherMethod)
        #expect(again == nil)
        let late = machine.received(.welcome(Welcome(session: id(1))))
        #expect(late == .drop(.afterEnd))
    }

    @Test func refusingAWelcome() throws {
        var machine = try joined()
        let refusal = machine.refuse(.routerWrong)
        #expect(refusal?.reason == "wamp.error.authentication_failed")
        let isJoined = machine.isJoined
        #expect(!isJoined)
        let late = machine.received(.welcome(Welcome(session: id(1))))
        #expect(late == .drop(.afterEnd))
    }

    @Test func refusedByTheRouter() throws {
        var machine = SessionStateMachine()
        _ = machine.open(try anyHello())
        let action = machine.received(.abort(anyAbort))
        #expect(action == .refused(anyAbort))
        let late = machine.received(.goodbye(Goodbye(reason: CloseReason.normal)))
        #expect(late == .drop(.afterEnd))
    }

    @Test func onlyThreeKindsMayComeBeforeWelcome() throws {
        for (name, message) in receivableMessages where !["WELCOME", "CHALLENGE", "ABORT", "extension"].contains(name) {
            var machine = SessionStateMachine()
            _ = machine.open(try anyHello())
            let action = machine.received(message)
            #expect(isViolation(action), "\(name)")
            let late = machine.received(.welcome(Welcome(session: id(1))))
            #expect(late == .drop(.afterEnd))
        }
    }

    @Test func nothingMayComeBeforeHello() {
        for (name, message) in receivableMessages {
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

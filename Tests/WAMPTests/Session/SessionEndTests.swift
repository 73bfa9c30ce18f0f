import NIOCore
import Testing

@testable import WAMP

@Suite struct SessionEndTests {
    @Test func goodbyeByUs() throws {
        var machine = try joined()
        _ = machine.call()
        let action = machine.close(reason: CloseReason.systemShutdown)
        #expect(action == .send(Goodbye(reason: CloseReason.systemShutdown)))
        let again = machine.close(reason: CloseReason.normal)
        #expect(again == .wait)
        for (name, message) in receivableMessages where !["GOODBYE", "ABORT"].contains(name) {
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
        let action = machine.received(.abort(anyAbort))
        #expect(action == .aborted(anyAbort))
        var closing = try joined()
        _ = closing.close(reason: CloseReason.normal)
        let whileClosing = closing.received(.abort(anyAbort))
        #expect(whileClosing == .aborted(anyAbort))
    }

    @Test func secondWelcomeOrChallenge() throws {
        for message in [IncomingMessage.welcome(Welcome(session: id(1))), .challenge(anyChallenge)] {
            var machine = try joined()
            let action = machine.received(message)
            #expect(isViolation(action))
            let isJoined = machine.isJoined
            #expect(!isJoined)
        }
    }

    @Test func whatIsNotAMessageAborts() throws {
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

import TestChecks
import Testing

@testable import Postgres

@Suite("Whether the listener certainly listens")
struct ListenerStateMachineTests {
    private static func listening() -> ListenerStateMachine {
        var machine = ListenerStateMachine(channels: ["a", "b"])
        _ = machine.connected()
        _ = machine.subscribed()
        _ = machine.subscribed()
        return machine
    }

    @Test("it listens when every LISTEN has been answered")
    func subscribes() {
        var machine = ListenerStateMachine(channels: ["a", "b"])
        check(machine.subscribed(), .none)
        _ = machine.connected()
        check(machine.timeToAsk(), .none)
        check(machine.subscribed(), .none)
        check(machine.isHearing, false)
        check(machine.subscribed(), .isListening)
        check(machine.isHearing, true)
        _ = machine.timeToAsk()
        check(machine.isHearing, true)
    }

    @Test("it asks, and believes an answer that names all channels")
    func asks() {
        var machine = Self.listening()
        check(machine.timeToAsk(), .ask(number: 1))
        check(machine.timeToAsk(), .none)
        check(machine.answered(["a", "b", "c"], number: 1), .none)
        check(machine.answerIsOverdue(number: 1), .none)
        check(machine.timeToAsk(), .ask(number: 2))
        check(machine.answerIsOverdue(number: 1), .none)
    }

    @Test("any doubt ends the connection")
    func doubts() {
        var forgetful = Self.listening()
        _ = forgetful.timeToAsk()
        check(
            forgetful.answered(["a"], number: 1),
            .reconnect(reason: "the session no longer listens to all channels"))
        var mute = Self.listening()
        _ = mute.timeToAsk()
        check(mute.answerIsOverdue(number: 1), .reconnect(reason: "the server did not answer in time"))
        check(mute.answerIsOverdue(number: 1), .none)
        var failing = Self.listening()
        check(failing.failed(sqlstate: "42501", reason: "no"), .reconnect(reason: "no"))
        check(failing.failed(sqlstate: "42501", reason: "no"), .none)
    }

    @Test("a channel is given up; without any the connection is believed at once")
    func givesUp() {
        var machine = Self.listening()
        check(machine.remove("a"), true)
        check(machine.remove("a"), false)
        _ = machine.timeToAsk()
        check(machine.answered(["b"], number: 1), .none)
        machine.disconnected()
        check(machine.remove("b"), false)
        check(machine.connected(), .isListening)
        check(machine.isHearing, true)
        check(machine.add("c"), true)
        check(machine.subscribed(), .isListening)
    }

    @Test("a broken notification queue is healed")
    func heals() {
        var machine = ListenerStateMachine(channels: ["a"])
        _ = machine.connected()
        check(machine.failed(sqlstate: "58P01", reason: "could not access status of transaction"), .healQueue)
    }

    @Test("a channel that is added later is listened to at once, or when the connection is there")
    func added() {
        var machine = ListenerStateMachine(channels: ["a"])
        check(machine.add("b"), false, "there is no connection")
        _ = machine.connected()
        check(machine.subscribed(), .none)
        check(machine.subscribed(), .isListening)
        check(machine.add("b"), false, "it is listened to already")
        check(machine.add("c"), true)
        check(machine.isHearing, false)
        check(machine.subscribed(), .isListening)
        guard case .ask(let number) = machine.timeToAsk() else {
            Issue.record("the server is not asked")
            return
        }
        check(
            machine.answered(["a", "b"], number: number),
            .reconnect(reason: "the session no longer listens to all channels"))
    }
}

import Testing

@testable import Postgres

@Suite("Whether the listener hears")
struct ListenerStateMachineTests {
    private static func listening() -> ListenerStateMachine {
        var machine = ListenerStateMachine(channels: ["a", "b"])
        machine.connected()
        _ = machine.subscribed()
        _ = machine.subscribed()
        return machine
    }

    @Test("it listens when every LISTEN has been answered")
    func subscribes() {
        var machine = ListenerStateMachine(channels: ["a", "b"])
        #expect(machine.subscribed() == .none)
        machine.connected()
        #expect(machine.timeToAsk() == .none)
        #expect(machine.subscribed() == .none)
        #expect(machine.subscribed() == .isListening)
    }

    @Test("it asks, and believes an answer that names all channels")
    func asks() {
        var machine = Self.listening()
        #expect(machine.timeToAsk() == .ask(number: 1))
        #expect(machine.timeToAsk() == .none)
        #expect(machine.answered(["a", "b", "c"], number: 1) == .none)
        #expect(machine.answerIsOverdue(number: 1) == .none)
        #expect(machine.timeToAsk() == .ask(number: 2))
        #expect(machine.answerIsOverdue(number: 1) == .none)
    }

    @Test("any doubt ends the connection")
    func doubts() {
        var forgetful = Self.listening()
        _ = forgetful.timeToAsk()
        #expect(forgetful.answered(["a"], number: 1) == .reconnect(reason: "the server does not listen to all channels any more"))
        var mute = Self.listening()
        _ = mute.timeToAsk()
        #expect(mute.answerIsOverdue(number: 1) == .reconnect(reason: "the server did not answer in time"))
        #expect(mute.answerIsOverdue(number: 1) == .none)
        var failing = Self.listening()
        #expect(failing.failed(sqlstate: "42501", reason: "no") == .reconnect(reason: "no"))
        #expect(failing.failed(sqlstate: "42501", reason: "no") == .none)
    }

    @Test("a broken notification queue is healed")
    func heals() {
        var machine = ListenerStateMachine(channels: ["a"])
        machine.connected()
        #expect(machine.failed(sqlstate: "58P01", reason: "could not access status of transaction") == .healQueue)
    }
}

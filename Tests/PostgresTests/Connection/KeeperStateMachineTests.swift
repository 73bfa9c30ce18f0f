import NIOCore
import Testing

@testable import Postgres

@Suite("When to connect")
struct KeeperStateMachineTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000)

    @Test("attempts are counted until a connection has lasted")
    func backoff() {
        var machine = KeeperStateMachine()
        #expect(machine.start() == .connect)
        #expect(machine.start() == .none)
        #expect(machine.attemptFailed() == .waitBeforeAttempt(0))
        #expect(machine.retry() == .connect)
        #expect(machine.attemptFailed() == .waitBeforeAttempt(1))
        #expect(machine.retry() == .connect)
        #expect(machine.attemptSucceeded(at: Self.start) == .use)
        #expect(machine.lost(at: Self.start + .seconds(9)) == .waitBeforeAttempt(2))
        #expect(machine.retry() == .connect)
        #expect(machine.attemptSucceeded(at: Self.start) == .use)
        #expect(machine.lost(at: Self.start + KeeperStateMachine.stableAfter) == .waitBeforeAttempt(0))
    }

    @Test("no second attempt is begun while the first one's thread is stuck")
    func overdue() {
        var machine = KeeperStateMachine()
        #expect(machine.start() == .connect)
        #expect(machine.attemptIsOverdue())
        #expect(!machine.attemptIsOverdue())
        #expect(machine.retry() == .none)
        #expect(machine.start() == .none)
        #expect(machine.attemptFailed() == .waitBeforeAttempt(0))
        #expect(machine.retry() == .connect)
        #expect(machine.attemptIsOverdue())
        #expect(machine.attemptSucceeded(at: Self.start) == .use)
    }

    @Test("a connection that was closed on purpose is replaced at once")
    func replaced() {
        var machine = KeeperStateMachine()
        #expect(machine.replaced() == .none)
        _ = machine.start()
        _ = machine.attemptSucceeded(at: Self.start)
        #expect(machine.replaced() == .connect)
        #expect(machine.lost(at: Self.start) == .none)
    }

    @Test("once stopped it stays so, and what still comes is thrown away")
    func stopped() {
        var machine = KeeperStateMachine()
        _ = machine.start()
        machine.stop()
        #expect(machine.attemptSucceeded(at: Self.start) == .discard)
        #expect(machine.attemptFailed() == .none)
        #expect(machine.retry() == .none)
        #expect(machine.start() == .none)
    }
}

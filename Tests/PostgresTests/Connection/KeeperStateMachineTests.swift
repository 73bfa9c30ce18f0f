import NIOCore
import TestChecks
import Testing

@testable import Postgres

@Suite("When to connect")
struct KeeperStateMachineTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000)

    @Test("attempts are counted until a connection has lasted")
    func backoff() {
        var machine = KeeperStateMachine()
        check(machine.start(), .connect)
        check(machine.start(), .none)
        check(machine.attemptFailed(), .waitBeforeAttempt(0))
        check(machine.retry(), .connect)
        check(machine.attemptFailed(), .waitBeforeAttempt(1))
        check(machine.retry(), .connect)
        check(machine.attemptSucceeded(at: Self.start), .use)
        check(machine.lost(at: Self.start + .seconds(9)), .waitBeforeAttempt(2))
        check(machine.retry(), .connect)
        check(machine.attemptSucceeded(at: Self.start), .use)
        check(machine.lost(at: Self.start + KeeperStateMachine.stableAfter), .waitBeforeAttempt(0))
    }

    @Test("no second attempt is begun while the first one's thread is stuck")
    func overdue() {
        var machine = KeeperStateMachine()
        check(machine.start(), .connect)
        check(machine.attemptIsOverdue(), true)
        check(machine.attemptIsOverdue(), false)
        check(machine.retry(), .none)
        check(machine.start(), .none)
        check(machine.attemptFailed(), .waitBeforeAttempt(0))
        check(machine.retry(), .connect)
        check(machine.attemptIsOverdue(), true)
        check(machine.attemptSucceeded(at: Self.start), .use)
    }

    @Test("a connection that was closed on purpose is replaced at once")
    func replaced() {
        var machine = KeeperStateMachine()
        check(machine.replaced(), .none)
        _ = machine.start()
        _ = machine.attemptSucceeded(at: Self.start)
        check(machine.replaced(), .connect)
        check(machine.lost(at: Self.start), .none)
    }

    @Test("once stopped it stays stopped, and a late connection is closed")
    func stopped() {
        var machine = KeeperStateMachine()
        _ = machine.start()
        machine.stop()
        check(machine.attemptSucceeded(at: Self.start), .discard)
        check(machine.attemptFailed(), .none)
        check(machine.retry(), .none)
        check(machine.start(), .none)
    }

    @Test("while no connection is wanted none is made, and then one at once")
    func parked() {
        var machine = KeeperStateMachine()
        machine.park()
        check(machine.start(), .connect)
        check(machine.attemptFailed(), .waitBeforeAttempt(0))
        check(machine.retry(), .connect)
        check(machine.attemptFailed(), .waitBeforeAttempt(1))
        machine.park()
        check(machine.retry(), .none)
        check(machine.start(), .connect)
        check(machine.attemptSucceeded(at: Self.start), .use)
        machine.park()
        check(machine.replaced(), .none)
        check(machine.lost(at: Self.start), .none)
        check(machine.start(), .connect)
        check(machine.attemptFailed(), .waitBeforeAttempt(0))
    }

    @Test("an attempt that nobody wants any more is not reported, and no other is begun before it has ended")
    func parkedDuringAnAttempt() {
        var machine = KeeperStateMachine()
        _ = machine.start()
        machine.park()
        machine.park()
        check(machine.attemptIsOverdue(), false)
        check(machine.attemptSucceeded(at: Self.start), .discard)
        check(machine.start(), .connect)
        machine.park()
        check(machine.attemptFailed(), .none)
        check(machine.start(), .connect)
        check(machine.attemptIsOverdue(), true)
        machine.park()
        check(machine.start(), .none, "its thread has not returned")
        check(machine.attemptSucceeded(at: Self.start), .use)
        machine.stop()
        machine.park()
        check(machine.start(), .none)
    }
}

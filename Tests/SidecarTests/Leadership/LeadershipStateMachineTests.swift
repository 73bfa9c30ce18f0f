import NIOCore
import Testing

@testable import Sidecar

@Suite("Which of several sidecars leads")
struct LeadershipStateMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func leader() -> LeadershipStateMachine {
        var machine = LeadershipStateMachine()
        _ = machine.joined()
        _ = machine.sessionOpened()
        _ = machine.lockAnswered(true, at: self.start)
        return machine
    }

    @Test("the lock is asked for when there is a session and a router, whichever comes first")
    func both() {
        var machine = LeadershipStateMachine()
        check(machine.sessionOpened(), .none)
        check(machine.ticked(at: self.start), .none)
        check(machine.joined(), .tryLock)
        check(machine.lockAnswered(true, at: self.start), .lead)
        check(machine.isLeading, true)

        var other = LeadershipStateMachine()
        check(other.joined(), .none)
        check(other.sessionOpened(), .tryLock)
    }

    @Test("who does not get it looks who has it, and asks again in a second")
    func follows() {
        var machine = LeadershipStateMachine()
        _ = machine.joined()
        check(machine.sessionOpened(), .tryLock)
        check(machine.lockAnswered(false, at: self.start), .readHolder)
        check(machine.ticked(at: self.start), .none)
        check(machine.holderSeen(pid: 17, age: 14.9), .none)
        check(machine.ticked(at: self.start), .tryLock)
    }

    @Test("a leader whose stamp is old loses its session; one without a stamp is left alone")
    func oldStamp() {
        for (pid, age, expected) in [
            (17, 15.0, LeadershipStateMachine.Action.terminate(17)), (17, nil, .none), (nil, 99.0, .none),
        ] as [(Int32?, Double?, LeadershipStateMachine.Action)] {
            var machine = LeadershipStateMachine()
            _ = machine.joined()
            _ = machine.sessionOpened()
            _ = machine.lockAnswered(false, at: self.start)
            check(machine.holderSeen(pid: pid, age: age), expected)
        }
    }

    @Test("a leader that gives way asks again when its time is over")
    func givesWay() {
        var machine = self.leader()
        check(machine.giveWay(until: self.start + .seconds(5)), .release)
        check(machine.isLeading, false)
        check(machine.ticked(at: self.start + .milliseconds(4999)), .none)
        check(machine.joined(), .none)
        check(machine.giveWay(until: self.start + .seconds(9)), .none)
        check(machine.ticked(at: self.start + .seconds(5)), .tryLock)
    }

    @Test("the leader stamps every five seconds")
    func stamps() {
        var machine = self.leader()
        check(machine.ticked(at: self.start + .seconds(4)), .none)
        check(machine.ticked(at: self.start + .seconds(5)), .stamp)
        check(machine.ticked(at: self.start + .seconds(6)), .none)
        check(machine.ticked(at: self.start + .seconds(10)), .stamp)
    }

    @Test("without a router it lets go after a while, and leads again when there is one")
    func withoutRouter() {
        var machine = self.leader()
        machine.left(at: self.start)
        check(machine.ticked(at: self.start + .seconds(4)), .none)
        _ = machine.joined()
        check(machine.ticked(at: self.start + .seconds(6)), .stamp, "the router came back in time")
        machine.left(at: self.start + .seconds(10))
        check(machine.ticked(at: self.start + .seconds(15)), .release)
        check(machine.isLeading, false)
        check(machine.ticked(at: self.start + .seconds(16)), .none)
        check(machine.joined(), .tryLock)
    }

    @Test("a lock that comes when the router has gone is given back")
    func lateLock() {
        var machine = LeadershipStateMachine()
        _ = machine.joined()
        _ = machine.sessionOpened()
        machine.left(at: self.start)
        check(machine.lockAnswered(true, at: self.start), .release)
        check(machine.isLeading, false)
    }

    @Test("with its session the leader loses everything")
    func sessionLost() {
        var machine = self.leader()
        check(machine.sessionLost(), true)
        check(machine.isLeading, false)
        check(machine.ticked(at: self.start + .seconds(9)), .none)
        check(machine.sessionOpened(), .tryLock)
        check(machine.sessionLost(), false)
        check(machine.lockAnswered(true, at: self.start), .none, "an answer of the session before")
    }

    @Test("once stopped it does nothing more")
    func stops() {
        var machine = self.leader()
        check(machine.stop(), true)
        check(machine.sessionOpened(), .none)
        check(machine.joined(), .none)
        check(machine.ticked(at: self.start + .seconds(9)), .none)
        check(machine.sessionLost(), false)
    }
}

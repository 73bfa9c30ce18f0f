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
        _ = machine.answered(.taken, at: self.start)
        return machine
    }

    @Test("the lease is asked for when there is a session and a router, whichever comes first")
    func both() {
        var machine = LeadershipStateMachine()
        check(machine.sessionOpened(), .none)
        check(machine.ticked(at: self.start), .none)
        check(machine.joined(), .take)
        check(machine.answered(.taken, at: self.start), .lead)
        check(machine.isLeading, true)

        var other = LeadershipStateMachine()
        check(other.joined(), .none)
        check(other.sessionOpened(), .take)
    }

    @Test("who does not get it asks again in a second")
    func follows() {
        var machine = LeadershipStateMachine()
        _ = machine.joined()
        check(machine.sessionOpened(), .take)
        check(machine.ticked(at: self.start), .none)
        check(machine.answered(.held(by: 17, age: 14.9), at: self.start), .none)
        check(machine.ticked(at: self.start), .take)
    }

    @Test("a leader whose stamp is old loses its session; one without a stamp is left alone")
    func oldStamp() {
        for (pid, age, expected) in [
            (17, 15.0, LeadershipStateMachine.Action.terminate(17)), (17, nil, .none), (nil, 99.0, .none),
        ] as [(Int32?, Double?, LeadershipStateMachine.Action)] {
            var machine = LeadershipStateMachine()
            _ = machine.joined()
            _ = machine.sessionOpened()
            check(machine.answered(.held(by: pid, age: age), at: self.start), expected)
            check(machine.ticked(at: self.start), .take)
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
        check(machine.ticked(at: self.start + .seconds(5)), .take)
    }

    @Test("the leader stamps every three seconds")
    func stamps() {
        var machine = self.leader()
        check(machine.ticked(at: self.start + .seconds(2)), .none)
        check(machine.ticked(at: self.start + .seconds(3)), .stamp)
        check(machine.ticked(at: self.start + .seconds(4)), .none)
        check(machine.ticked(at: self.start + .seconds(6)), .stamp)
    }

    @Test("a leader whose stamps are not answered gives its session up before others may take the lease")
    func unanswered() {
        var machine = self.leader()
        check(machine.ticked(at: self.start + .seconds(3)), .stamp)
        machine.stamped(sentAt: self.start + .seconds(3))
        check(machine.ticked(at: self.start + .seconds(11)), .stamp)
        check(machine.ticked(at: self.start + .seconds(12)), .abandon)
        machine.stamped(sentAt: self.start + .seconds(1))
        check(machine.ticked(at: self.start + .seconds(12)), .abandon, "an older one says nothing new")
        machine.stamped(sentAt: self.start + .seconds(11))
        check(machine.ticked(at: self.start + .seconds(12)), .none)
    }

    @Test("without a router it lets go after a while, and leads again when there is one")
    func withoutRouter() {
        var machine = self.leader()
        machine.left(at: self.start)
        check(machine.ticked(at: self.start + .seconds(2)), .none)
        _ = machine.joined()
        check(machine.ticked(at: self.start + .seconds(6)), .stamp, "the router came back in time")
        machine.left(at: self.start + .seconds(10))
        check(machine.ticked(at: self.start + .seconds(15)), .release)
        check(machine.isLeading, false)
        check(machine.ticked(at: self.start + .seconds(16)), .none)
        check(machine.joined(), .take)
    }

    @Test("a lease that comes when the router has gone is given back")
    func lateLease() {
        var machine = LeadershipStateMachine()
        _ = machine.joined()
        _ = machine.sessionOpened()
        machine.left(at: self.start)
        check(machine.answered(.taken, at: self.start), .release)
        check(machine.isLeading, false)
    }

    @Test("with its session the leader loses everything")
    func sessionLost() {
        var machine = self.leader()
        check(machine.sessionLost(), true)
        check(machine.isLeading, false)
        check(machine.ticked(at: self.start + .seconds(9)), .none)
        check(machine.sessionOpened(), .take)
        check(machine.sessionLost(), false)
        check(machine.answered(.taken, at: self.start), .none, "an answer of the session before")
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

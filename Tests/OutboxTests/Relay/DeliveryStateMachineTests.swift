import NIOCore
import TestChecks
import Testing

@testable import Outbox

@Suite("Which events the router has answered, and when rows are deleted")
struct DeliveryStateMachineTests {
    private typealias Batch = DeliveryStateMachine.Batch
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func machine(sent ids: ClosedRange<Int64>) -> DeliveryStateMachine {
        var machine = DeliveryStateMachine(patience: .seconds(10))
        for id in ids {
            machine.sent(
                id, topic: "topic \(id)", octets: 10, published: PublishTime(age: 0, at: self.start), at: self.start)
        }
        return machine
    }

    /// The router accepts these.
    private func take(_ ids: ClosedRange<Int64>, _ machine: inout DeliveryStateMachine) {
        for id in ids { check(machine.taken(id, at: self.start)?.topic, "topic \(id)") }
    }

    @Test("rows are deleted when the router has answered all events")
    func last() {
        var machine = self.machine(sent: 1...3)
        check(machine.batch(), nil)
        self.take(1...2, &machine)
        check(machine.batch(), nil)
        check(machine.isAllAnswered, false)
        check(machine.refused(3, at: self.start)?.octets, 10)
        check(machine.isAllAnswered, true)
        check(machine.batch(), Batch(ids: [1, 2], octets: 20))
        check(machine.batch(), nil)
    }

    @Test("and when it has accepted enough, though others are under way")
    func many() {
        let most = Int64(DeliveryStateMachine.mostAcknowledged)
        var machine = self.machine(sent: 1...(most + 2))
        self.take(1...(most - 1), &machine)
        check(machine.batch(), nil)
        self.take(most...most, &machine)
        check(machine.batch(), Batch(ids: Array(1...most), octets: 10 * Int(most)))
        self.take((most + 1)...(most + 1), &machine)
        check(machine.batch(), nil)
    }

    @Test("an event that is not under way is not deleted")
    func unknown() {
        var machine = self.machine(sent: 1...1)
        check(machine.taken(2, at: self.start), nil)
        self.take(1...1, &machine)
        check(machine.taken(1, at: self.start), nil, "a second answer")
        check(machine.refused(1, at: self.start), nil)
        check(machine.batch(), Batch(ids: [1], octets: 10))
    }

    @Test("at a run's end only accepted events are deleted, and nothing is under way")
    func ended() {
        var machine = self.machine(sent: 1...3)
        self.take(2...2, &machine)
        check(Set(machine.underWay), [1, 3])
        check(machine.topic(of: 3), "topic 3")
        check(machine.ended(), Batch(ids: [2], octets: 10))
        check(Set(machine.underWay), [])
        check(machine.topic(of: 3), nil)
        check(machine.ended(), nil)
        check(machine.taken(1, at: self.start), nil)
        check(machine.batch(), nil)
    }

    @Test("a router is silent when it has not answered for too long since it last did, or began to owe an answer")
    func silence() {
        var machine = self.machine(sent: 1...2)
        machine.sent(
            3, topic: "a", octets: 10, published: PublishTime(age: 0, at: self.start), at: self.start + .seconds(9))
        for (seconds, expected) in [(9, false), (10, false), (11, true)] {
            check(machine.isRouterSilent(at: self.start + .seconds(Int64(seconds))), expected, "after \(seconds) s")
        }
        _ = machine.taken(1, at: self.start + .seconds(8))
        check(machine.isRouterSilent(at: self.start + .seconds(18)), false)
        check(machine.isRouterSilent(at: self.start + .seconds(19)), true)
        _ = machine.refused(2, at: self.start + .seconds(12))
        check(machine.isRouterSilent(at: self.start + .seconds(19)), false)
        _ = machine.taken(3, at: self.start + .seconds(12))
        check(machine.isRouterSilent(at: self.start + .hours(1)), false, "there is nothing that it could answer")
        machine.sent(
            4, topic: "a", octets: 10, published: PublishTime(age: 0, at: self.start), at: self.start + .hours(1))
        check(machine.isRouterSilent(at: self.start + .hours(1) + .seconds(1)), false, "nor was there before")
    }

    @Test("each statement that deletes rows is awaited, also beyond the run")
    func removals() {
        var machine = self.machine(sent: 1...2)
        check(machine.isAllRemoved, true)
        self.take(1...2, &machine)
        check(machine.isAllRemoved, true, "it is not sent yet")
        _ = machine.batch()
        machine.removalBegan()
        check(machine.isAllRemoved, false)
        _ = machine.ended()
        machine.removalEnded()
        check(machine.isAllRemoved, false)
        machine.removalEnded()
        check(machine.isAllRemoved, true)
    }
}

import NIOCore
import TestChecks
import Testing

@testable import Postgres

@Suite("Other limits, while there is work")
struct PoolChangeTests {
    private typealias Machine = PoolStateMachine<Int>
    private typealias Change = RosterStateMachine.Change

    private static let fast = TimeAmount.microseconds(100)
    private static let slow = TimeAmount.milliseconds(50)

    private static func limits(_ connections: Int) -> PoolLimits {
        PoolLimits(connections: connections, pipeline: 4, queue: 100, queueTimeout: .seconds(5))
    }

    /// A machine with all its connections there.
    private static func machine(_ connections: Int) -> Machine {
        var machine = Machine(limits: Self.limits(connections))
        for slot in 0..<connections { machine.connected(slot: slot) }
        return machine
    }

    private static func submit(
        _ item: Int, _ lane: LaneID, to machine: inout Machine, _ claim: Claim = .shared
    ) -> Machine.SubmitAction {
        machine.submit(item, lane: lane, expires: .distantFuture, claim)
    }

    @Test("what waits goes to a new connection as soon as it is there, and lanes get their share of it")
    func growing() {
        var machine = Self.machine(2)
        let usual = machine.addLane(concurrency: nil)
        let greedy = machine.addLane(concurrency: 3)
        check(Self.submit(1, usual, to: &machine), .send(slot: 0))
        check(Self.submit(2, usual, to: &machine), .wait, "all but one")
        check(Self.submit(3, greedy, to: &machine), .send(slot: 1))
        check(Self.submit(4, greedy, to: &machine), .wait)
        check(Self.submit(5, greedy, to: &machine), .wait)
        check(machine.change(Self.limits(4)), Change(opened: [2, 3]))
        check(machine.next()?.item, nil)
        machine.connected(slot: 3)
        let first = machine.next()
        #expect(first?.item == 2 && first?.slot == 3)
        machine.connected(slot: 2)
        check(machine.next()?.item, 4)
        machine.ended(slot: 0, ran: Self.slow)
        check(machine.next()?.item, 5)
        check(machine.waitingCount, 0)
        check(machine.slotCount, 4)
        check(machine.change(Self.limits(5)), Change(opened: [4]))
        check(machine.slotCount, 5)
        machine.connected(slot: 4)
        check(Self.submit(6, greedy, to: &machine), .wait, "it asked for three")
    }

    @Test("idle connections stay rather than busy ones, which get nothing more and end what they have")
    func shrinking() {
        var machine = Self.machine(4)
        let lane = machine.addLane(concurrency: nil)
        let other = machine.addLane(concurrency: nil)
        for item in 0..<3 { check(Self.submit(item, lane, to: &machine), .send(slot: item)) }
        check(machine.change(Self.limits(2)), Change(closed: [1, 2]))
        check(Self.submit(3, other, to: &machine), .send(slot: 3))
        check(Self.submit(4, lane, to: &machine), .wait)
        machine.ended(slot: 1, ran: Self.slow)
        check(machine.next()?.item, nil, "that connection gets nothing more")
        check(machine.disconnected(slot: 1), false)
        machine.ended(slot: 0, ran: Self.slow)
        let next = machine.next()
        #expect(next?.item == 4 && next?.slot == 0, "what ends elsewhere does not count")
        check(machine.connections.open, 3)
        machine.ended(slot: 2, ran: Self.slow)
        check(machine.disconnected(slot: 2), false)
        check(machine.disconnected(slot: 0), true, "a loss is made good")
        check(machine.permanentSlots, [0, 3])
    }

    @Test("a connection that is being made is given up when there are enough others")
    func shrinkingWhileConnecting() {
        var machine = Machine(limits: Self.limits(3))
        machine.connected(slot: 2)
        check(machine.change(Self.limits(1)), Change(closed: [0, 1]))
        check(machine.permanentSlots, [2])
        check(machine.change(Self.limits(2)), Change(opened: [0]), "its place is free at once")
    }

    @Test("those that are to be there are missing, and no others")
    func missing() {
        var machine = Machine(limits: Self.limits(3))
        check(machine.missingConnections, 3)
        machine.connected(slot: 0)
        machine.connected(slot: 1)
        check(machine.missingConnections, 1)
        check(machine.change(Self.limits(2)), Change(closed: [2]))
        check(machine.missingConnections, 0, "a third one is not wanted any more")
        let lane = machine.addLane(concurrency: nil)
        check(Self.submit(1, lane, to: &machine), .send(slot: 0))
        check(machine.suspend(slot: 0), [2])
        check(machine.missingConnections, 1, "a spare one")
        check(machine.disconnected(slot: 0), true)
        check(machine.missingConnections, 2)
        check(machine.change(Self.limits(1)), Change(closed: [0, 2]))
        check(machine.missingConnections, 0)
    }

    @Test("what is under way on connections that leave counts for what its lane asked for, and for nothing else")
    func lanesOfThoseThatLeave() {
        var machine = Self.machine(5)
        let usual = machine.addLane(concurrency: nil)
        let careful = machine.addLane(concurrency: 2)
        let holder = machine.addLane(concurrency: 4)
        for slot in 0..<2 { check(Self.submit(slot, careful, to: &machine, .stream), .send(slot: slot)) }
        check(Self.submit(2, usual, to: &machine, .stream), .send(slot: 2))
        check(machine.lease(3, lane: holder), 3)
        check(machine.change(Self.limits(2)), Change(closed: [1, 2, 3]), "the idle one stays")
        machine.ended(slot: 0, ran: Self.slow)
        check(Self.submit(4, careful, to: &machine), .send(slot: 0), "it runs on one, and may on two")
        check(Self.submit(5, careful, to: &machine), .wait)
        machine.ended(slot: 1, ran: Self.slow)
        check(machine.disconnected(slot: 1), false)
        check(machine.next()?.item, 5)
        machine.ended(slot: 0, ran: Self.slow)
        machine.ended(slot: 4, ran: Self.slow)
        check(machine.lease(6, lane: holder), 0, "the lease that leaves is not in its way")
        check(Self.submit(7, usual, to: &machine, .stream), .send(slot: 4), "nor is the stream")
        machine.released(slot: 3)
        machine.ended(slot: 2, ran: Self.slow)
        check(machine.disconnected(slot: 3), false)
        check(machine.disconnected(slot: 2), false)
    }

    @Test("one that leaves and is wanted again gets work as soon as another is in its place")
    func growingBeforeTheyAreGone() {
        var machine = Self.machine(3)
        let lane = machine.addLane(concurrency: 3)
        for item in 0..<3 { check(Self.submit(item, lane, to: &machine), .send(slot: item)) }
        check(machine.change(Self.limits(1)), Change(closed: [1, 2]))
        check(machine.change(Self.limits(4)), Change(opened: [3]))
        check(Self.submit(3, lane, to: &machine), .wait, "the lane has three")
        machine.ended(slot: 1, ran: Self.slow)
        check(machine.next()?.item, nil, "it gets nothing more")
        check(machine.disconnected(slot: 1), true)
        machine.connected(slot: 1)
        check(machine.next()?.slot, 1)
        check(machine.connections.busy, 3)
    }

    @Test("suspended connections leave first, and those that stay have their spare ones")
    func suspended() {
        var machine = Self.machine(3)
        let lane = machine.addLane(concurrency: 3)
        for item in 0..<3 { check(Self.submit(item, lane, to: &machine), .send(slot: item)) }
        check(machine.suspend(slot: 0), [3])
        check(machine.suspend(slot: 1), [4])
        machine.connected(slot: 3)
        check(machine.change(Self.limits(2)), Change(closed: [4, 0, 1]), "the spare one that is there is the best")
        check(machine.wantedSpares, 0)
        check(Self.submit(3, lane, to: &machine), .send(slot: 3))
        check(machine.suspend(slot: 2), [4])
        check(machine.suspend(slot: 3), [5])
        machine.connected(slot: 4)
        check(Self.submit(4, lane, to: &machine), .send(slot: 4), "so that no work that is called waits forever")
        check(machine.change(Self.limits(1)), Change(closed: [5, 2, 3]))
        check(machine.resume(slot: 0), false)
        machine.ended(slot: 0, ran: Self.slow)
        check(machine.disconnected(slot: 0), false)
    }

    @Test("if all that stay are suspended, there are spare ones for them")
    func allAreSuspended() {
        var machine = Self.machine(2)
        let lane = machine.addLane(concurrency: 2)
        for item in 0..<2 { check(Self.submit(item, lane, to: &machine), .send(slot: item)) }
        for slot in 0..<2 { check(machine.suspend(slot: slot), [2 + slot]) }
        for slot in 2..<4 { machine.connected(slot: slot) }
        for item in 2..<4 { check(Self.submit(item, lane, to: &machine), .send(slot: item)) }
        for slot in 2..<4 { check(machine.suspend(slot: slot), []) }
        check(machine.change(Self.limits(1)), Change(opened: [4], closed: [1, 2, 3]))
        machine.connected(slot: 4)
        check(Self.submit(4, lane, to: &machine), .send(slot: 4))
        check(Self.submit(5, lane, to: &machine), .wait)
    }

    @Test("a spare one works beside connections that leave, but not before a permanent one")
    func spareBesideThoseThatLeave() {
        var machine = Self.machine(3)
        let lane = machine.addLane(concurrency: 3)
        let other = machine.addLane(concurrency: nil)
        check(Self.submit(0, lane, to: &machine, .stream), .send(slot: 0))
        check(Self.submit(1, lane, to: &machine, .stream), .send(slot: 1))
        check(machine.change(Self.limits(1)), Change(closed: [0, 1]))
        machine.ended(slot: 0, ran: Self.slow)
        check(machine.disconnected(slot: 0), false)
        check(Self.submit(2, lane, to: &machine), .send(slot: 2))
        check(machine.suspend(slot: 2), [0], "the first place that is free")
        machine.connected(slot: 0)
        check(Self.submit(3, other, to: &machine), .send(slot: 0))
        machine.ended(slot: 0, ran: Self.slow)
        check(machine.resume(slot: 2), true)
        machine.ended(slot: 2, ran: Self.slow)
        check(Self.submit(4, other, to: &machine), .send(slot: 2))
    }

    @Test("unneeded spare ones are closed after a while, idle ones only")
    func spares() {
        var machine = Self.machine(1)
        let lane = machine.addLane(concurrency: 1)
        check(Self.submit(1, lane, to: &machine), .send(slot: 0))
        check(machine.suspend(slot: 0), [1])
        machine.connected(slot: 1)
        check(Self.submit(2, lane, to: &machine), .send(slot: 1))
        check(machine.resume(slot: 0), true)
        var (closed, looksAgain) = machine.lookAtSpares()
        check(closed, [])
        check(looksAgain, true)
        machine.ended(slot: 1, ran: Self.slow)
        (closed, looksAgain) = machine.lookAtSpares()
        check(closed, [1])
        check(looksAgain, false)
        check(Self.submit(3, lane, to: &machine), .wait)
        check(machine.disconnected(slot: 1), false)
    }

    // MARK: - At random

    @Test("whatever happens, all work ends, and there are no more connections than wanted", arguments: 1...60)
    func random(_ seed: Int) {
        var run = RandomRun(seed: UInt64(seed))
        for _ in 0..<1_500 { run.step() }
        run.finish()
    }
}

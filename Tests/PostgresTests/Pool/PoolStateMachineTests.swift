import NIOCore
import TestChecks
import Testing

@testable import Postgres

@Suite("Which work goes to which connection")
struct PoolStateMachineTests {
    private static let fast = TimeAmount.microseconds(100)
    private static let slow = TimeAmount.milliseconds(50)

    private static func limits(connections: Int = 3, pipeline: Int = 4, queue: Int = 10) -> PoolLimits {
        PoolLimits(connections: connections, pipeline: pipeline, queue: queue, queueTimeout: .seconds(5))
    }

    /// A machine with all its connections there.
    private static func machine(_ limits: PoolLimits = limits()) -> PoolStateMachine<Int> {
        var machine = PoolStateMachine<Int>(limits: limits)
        for slot in 0..<limits.connections { machine.connected(slot: slot) }
        return machine
    }

    /// Makes a lane's recent past fast.
    private static func warm(_ lane: LaneID, in machine: inout PoolStateMachine<Int>) {
        for _ in 0..<LatencyWindow.least {
            guard case .send(let slot) = Self.submit(0, lane, to: &machine) else { return }
            machine.ended(slot: slot, ran: Self.fast)
        }
    }

    private static func submit(
        _ item: Int, _ lane: LaneID, to machine: inout PoolStateMachine<Int>, expires: NIODeadline = .distantFuture,
        _ claim: Claim = .shared
    ) -> PoolStateMachine<Int>.SubmitAction {
        machine.submit(item, lane: lane, expires: expires, claim)
    }

    @Test("without a connection work waits, and goes in its order when there is one")
    func waitsForConnection() {
        var machine = PoolStateMachine<Int>(limits: Self.limits())
        let lane = machine.addLane(concurrency: nil)
        check(Self.submit(1, lane, to: &machine), .wait)
        check(Self.submit(2, lane, to: &machine), .wait)
        check(machine.isConnected, false)
        machine.connected(slot: 1)
        check(machine.isConnected, true)
        let first = machine.next()
        #expect(first?.item == 1 && first?.slot == 1)
        check(machine.next()?.item, nil)
        machine.ended(slot: 1, ran: Self.slow)
        check(machine.next()?.item, 2)
        check(machine.waitingCount, 0)
    }

    @Test("an idle connection is taken first, and nothing is sent behind work that may be slow")
    func idleFirst() {
        var machine = Self.machine()
        let lanes = (0..<4).map { _ in machine.addLane(concurrency: nil) }
        check(Self.submit(1, lanes[0], to: &machine), .send(slot: 0))
        check(Self.submit(2, lanes[1], to: &machine), .send(slot: 1))
        check(Self.submit(3, lanes[2], to: &machine), .send(slot: 2))
        check(Self.submit(4, lanes[3], to: &machine), .wait)
    }

    @Test("one lane leaves a connection for the others, unless it may have them all")
    func concurrency() {
        var machine = Self.machine()
        let greedy = machine.addLane(concurrency: nil)
        let other = machine.addLane(concurrency: nil)
        check(Self.submit(1, greedy, to: &machine), .send(slot: 0))
        check(Self.submit(2, greedy, to: &machine), .send(slot: 1))
        check(Self.submit(3, greedy, to: &machine), .wait)
        check(Self.submit(4, other, to: &machine), .send(slot: 2))
        machine.ended(slot: 2, ran: Self.slow)
        check(machine.next()?.item, nil, "the greedy lane holds as many as it may")
        machine.ended(slot: 0, ran: Self.slow)
        check(machine.next()?.item, 3)

        var alone = Self.machine()
        let all = alone.addLane(concurrency: 3)
        for slot in 0..<3 { check(Self.submit(slot, all, to: &alone), .send(slot: slot)) }
        var single = Self.machine(Self.limits(connections: 1))
        let only = single.addLane(concurrency: nil)
        check(Self.submit(1, only, to: &single), .send(slot: 0), "with one connection everybody may have it")
    }

    @Test("fast work is sent behind fast work, on the least busy connection, as deep as allowed")
    func pipelining() {
        var machine = Self.machine(Self.limits(connections: 2, pipeline: 2))
        let lane = machine.addLane(concurrency: 2)
        Self.warm(lane, in: &machine)
        check(Self.submit(1, lane, to: &machine), .send(slot: 0))
        check(Self.submit(2, lane, to: &machine), .send(slot: 1))
        check(Self.submit(3, lane, to: &machine), .send(slot: 0))
        check(Self.submit(4, lane, to: &machine), .send(slot: 1))
        check(Self.submit(5, lane, to: &machine), .wait)
        check(machine.underWayCount, 4)
        machine.ended(slot: 1, ran: Self.fast)
        let next = machine.next()
        #expect(next?.item == 5 && next?.slot == 1)
    }

    @Test("fast work is never sent behind slow work, nor slow work behind fast work")
    func slowIsAlone() {
        var machine = Self.machine(Self.limits(connections: 1))
        let fast = machine.addLane(concurrency: 1)
        let unknown = machine.addLane(concurrency: 1)
        Self.warm(fast, in: &machine)
        check(Self.submit(1, unknown, to: &machine), .send(slot: 0))
        check(Self.submit(2, fast, to: &machine), .wait)
        machine.ended(slot: 0, ran: Self.slow)
        check(machine.next()?.item, 2)
        check(Self.submit(3, unknown, to: &machine), .wait)
        check(Self.submit(4, fast, to: &machine), .wait, "the only connection is let run empty for it")
        machine.ended(slot: 0, ran: Self.fast)
        check(machine.next()?.item, 3)
    }

    @Test("an endless series of fast work does not block work that needs an idle connection")
    func drains() {
        var machine = Self.machine(Self.limits(connections: 2, pipeline: 4))
        let fast = machine.addLane(concurrency: 2)
        let unknown = machine.addLane(concurrency: 1)
        Self.warm(fast, in: &machine)
        for item in 1...4 { check(Self.submit(item, fast, to: &machine), .send(slot: (item - 1) % 2)) }
        check(Self.submit(5, unknown, to: &machine), .wait)
        check(Self.submit(6, fast, to: &machine), .send(slot: 1), "slot 0 is let run empty")
        check(Self.submit(7, fast, to: &machine), .send(slot: 1))
        check(Self.submit(8, fast, to: &machine), .wait)
        machine.ended(slot: 0, ran: Self.fast)
        check(machine.next()?.item, nil)
        machine.ended(slot: 0, ran: Self.fast)
        let next = machine.next()
        #expect(next?.item == 5 && next?.slot == 0)
        machine.ended(slot: 0, ran: Self.slow)
        check(machine.next()?.item, 8, "and then it is everybody's again")
    }

    @Test("work that waits for something outside does not count, nothing follows it, and a spare replaces it")
    func suspended() {
        var machine = Self.machine(Self.limits(connections: 2, pipeline: 4))
        let lane = machine.addLane(concurrency: 2)
        Self.warm(lane, in: &machine)
        check(machine.wantedSpares, 0)
        check(Self.submit(1, lane, to: &machine), .send(slot: 0))
        check(machine.suspend(slot: 0), [2])
        check(machine.suspend(slot: 0), [], "once")
        check(machine.wantedSpares, 1)
        check(Self.submit(2, lane, to: &machine), .send(slot: 1))
        check(Self.submit(3, lane, to: &machine), .send(slot: 1), "behind the one that runs, not the one that waits")
        machine.connected(slot: 2)
        check(Self.submit(4, lane, to: &machine), .send(slot: 2), "the spare one")
        check(Self.submit(5, lane, to: &machine), .send(slot: 2), "no more than two at work")
        check(machine.suspend(slot: 1), [3])
        machine.connected(slot: 3)
        check(machine.wantedSpares, 2)
        check(Self.submit(6, lane, to: &machine), .send(slot: 3))
        check(machine.suspend(slot: 2), [])
        check(machine.suspend(slot: 3), [])
        check(machine.wantedSpares, 2, "at most as many as others")
        check(Self.submit(7, lane, to: &machine), .wait)
        check(machine.resume(slot: 0), true, "the spare ones are to be looked at")
        check(machine.resume(slot: 0), false)
        machine.ended(slot: 0, ran: Self.fast)
        let next = machine.next()
        #expect(next?.item == 7 && next?.slot == 0)
    }

    @Test("a suspended connection that is lost, or whose work ends, is counted right")
    func suspendedAndGone() {
        var machine = Self.machine(Self.limits(connections: 1))
        let lane = machine.addLane(concurrency: 1)
        check(Self.submit(1, lane, to: &machine), .send(slot: 0))
        check(machine.suspend(slot: 0), [1])
        check(machine.disconnected(slot: 0), true)
        machine.connected(slot: 0)
        check(Self.submit(2, lane, to: &machine), .send(slot: 0))
        check(machine.suspend(slot: 0), [], "the spare one is there still")
        machine.ended(slot: 0, ran: Self.slow)
        check(machine.resume(slot: 0), true)
        check(machine.wantedSpares, 0)
        check(Self.submit(3, lane, to: &machine), .send(slot: 0))
        check(Self.submit(4, lane, to: &machine), .wait)
    }

    @Test("exclusive work shares a connection with nothing, however fast")
    func exclusive() {
        var machine = Self.machine(Self.limits(connections: 1))
        let lane = machine.addLane(concurrency: 1)
        Self.warm(lane, in: &machine)
        check(Self.submit(1, lane, to: &machine), .send(slot: 0))
        check(Self.submit(2, lane, to: &machine, .exclusive), .wait)
        machine.ended(slot: 0, ran: Self.fast)
        check(machine.next()?.item, 2)
        check(Self.submit(3, lane, to: &machine), .wait)
    }

    @Test("a stream has its connection to itself, however fast the rest of its lane, and does not count for its pace")
    func streamIsAlone() {
        var machine = Self.machine(Self.limits(connections: 2))
        let lane = machine.addLane(concurrency: 2)
        Self.warm(lane, in: &machine)
        check(Self.submit(1, lane, to: &machine, .stream), .send(slot: 0))
        check(Self.submit(2, lane, to: &machine), .send(slot: 1))
        check(Self.submit(3, lane, to: &machine), .send(slot: 1), "behind fast work, never behind a stream")
        machine.ended(slot: 1, ran: Self.fast)
        machine.ended(slot: 1, ran: Self.fast)
        machine.ended(slot: 0, ran: .seconds(100))
        check(Self.submit(4, lane, to: &machine), .send(slot: 0))
        check(Self.submit(5, lane, to: &machine), .send(slot: 1))
        check(Self.submit(6, lane, to: &machine), .send(slot: 0), "the lane is as fast as it was")
    }

    @Test("streams of any number of lanes leave a connection to the rest, and those that wait for that hold up nothing")
    func streamsLeaveOne() {
        var machine = Self.machine()
        let lanes = (0..<3).map { _ in machine.addLane(concurrency: nil) }
        check(Self.submit(1, lanes[0], to: &machine, .stream), .send(slot: 0))
        check(Self.submit(2, lanes[1], to: &machine, .stream), .send(slot: 1))
        check(Self.submit(3, lanes[2], to: &machine, .stream), .wait)
        check(machine.next()?.item, nil)
        check(Self.submit(4, lanes[2], to: &machine), .send(slot: 2), "it passes the stream that waits ahead of it")
        check(Self.submit(5, lanes[2], to: &machine, .exclusive), .wait)
        check(Self.submit(6, lanes[2], to: &machine), .wait, "but nothing else")
        machine.ended(slot: 2, ran: Self.slow)
        check(machine.next()?.item, 5)
        machine.ended(slot: 0, ran: Self.slow)
        check(machine.next()?.item, 3)
        machine.ended(slot: 2, ran: Self.slow)
        check(machine.next()?.item, 6)
        check(machine.waitingCount, 0)
    }

    @Test("a stream that is lost with its connection gives its place back")
    func lostStream() {
        var machine = Self.machine(Self.limits(connections: 2))
        let lane = machine.addLane(concurrency: 2)
        check(Self.submit(1, lane, to: &machine, .stream), .send(slot: 0))
        check(Self.submit(2, lane, to: &machine, .stream), .wait)
        check(machine.disconnected(slot: 0), true)
        let next = machine.next()
        #expect(next?.item == 2 && next?.slot == 1)
    }

    @Test("with one connection a stream takes it")
    func streamOnTheOnlyConnection() {
        var machine = Self.machine(Self.limits(connections: 1))
        let lane = machine.addLane(concurrency: nil)
        check(Self.submit(1, lane, to: &machine, .stream), .send(slot: 0))
        check(Self.submit(2, lane, to: &machine), .wait)
    }

    @Test("a full queue refuses, and returned work goes ahead of waiting work")
    func queue() {
        var machine = PoolStateMachine<Int>(limits: Self.limits(connections: 1, queue: 2))
        let lane = machine.addLane(concurrency: 1)
        check(Self.submit(1, lane, to: &machine), .wait)
        check(Self.submit(2, lane, to: &machine), .wait)
        check(Self.submit(3, lane, to: &machine), .refuse)
        machine.resubmit(0, lane: lane, expires: .distantFuture, .shared)
        machine.connected(slot: 0)
        check(machine.next()?.item, 0)
    }

    @Test("the queue's limit changes, and what waits already stays")
    func changedQueue() {
        var machine = PoolStateMachine<Int>(limits: Self.limits(connections: 1, queue: 2))
        let lane = machine.addLane(concurrency: nil)
        check(machine.submit(1, lane: lane, expires: .distantFuture, .shared), .wait)
        check(machine.submit(2, lane: lane, expires: .distantFuture, .shared), .wait)
        check(machine.change(Self.limits(connections: 1, queue: 1)), .init())
        check(machine.submit(3, lane: lane, expires: .distantFuture, .shared), .refuse)
        check(machine.waitingCount, 2)
        check(machine.change(Self.limits(connections: 1, queue: 3)), .init())
        check(machine.submit(3, lane: lane, expires: .distantFuture, .shared), .wait)
        check(machine.submit(4, lane: lane, expires: .distantFuture, .shared), .refuse)
    }

    @Test("a lane that fills its part of the queue leaves room to the others; leases take none")
    func shares() {
        var machine = PoolStateMachine<Int>(limits: Self.limits(connections: 1, queue: 100))
        let lanes = (0..<5).map { _ in machine.addLane(concurrency: 1) }
        let admitted = (0..<200).count { Self.submit($0, lanes[0], to: &machine) == .wait }
        #expect(admitted == 60)
        for item in 0..<50 { _ = machine.lease(item, lane: lanes[1]) }
        for lane in lanes[1...] {
            for item in 0..<10 { check(Self.submit(item, lane, to: &machine), .wait) }
            check(Self.submit(10, lane, to: &machine), .refuse)
        }
        check(machine.expire(at: .distantFuture - .nanoseconds(1)).count, 0)
        check(machine.withdraw(lane: lanes[0], where: { $0 == 7 }), true)
        check(Self.submit(1, lanes[0], to: &machine), .wait)
        machine.removeLane(lanes[4])
    }

    @Test("lanes take turns by the order in which their work came")
    func order() {
        var machine = PoolStateMachine<Int>(limits: Self.limits(connections: 1))
        let first = machine.addLane(concurrency: 1)
        let second = machine.addLane(concurrency: 1)
        _ = Self.submit(1, second, to: &machine)
        _ = Self.submit(2, first, to: &machine)
        _ = Self.submit(3, second, to: &machine)
        machine.connected(slot: 0)
        var order: [Int] = []
        while let (item, slot) = machine.next() {
            order.append(item)
            machine.ended(slot: slot, ran: Self.slow)
        }
        #expect(order == [1, 2, 3])
    }

    @Test("work that has waited too long, or is unwanted, is removed")
    func expiry() {
        var machine = PoolStateMachine<Int>(limits: Self.limits())
        let lane = machine.addLane(concurrency: nil)
        let start = NIODeadline.uptimeNanoseconds(1_000)
        _ = Self.submit(1, lane, to: &machine, expires: start + .seconds(1))
        _ = Self.submit(2, lane, to: &machine, expires: start + .seconds(3))
        _ = Self.submit(3, lane, to: &machine, expires: start + .seconds(9))
        check(machine.expire(at: start), [])
        check(machine.expire(at: start + .seconds(1)), [1])
        check(machine.withdraw(lane: lane, where: { $0 == 2 }), true)
        check(machine.withdraw(lane: lane, where: { $0 == 2 }), false)
        check(machine.waitingCount, 1)
        machine.connected(slot: 0)
        check(machine.next()?.item, 3)
    }

    @Test("nothing is sent to a connection while a cancel is under way, or once it retires")
    func blocked() {
        var machine = Self.machine(Self.limits(connections: 1))
        let lane = machine.addLane(concurrency: 1)
        machine.block(slot: 0)
        check(Self.submit(1, lane, to: &machine), .wait)
        machine.unblock(slot: 0)
        check(machine.next()?.item, 1)
        machine.ended(slot: 0, ran: Self.fast)
        machine.retire(slot: 0)
        machine.unblock(slot: 0)
        check(Self.submit(2, lane, to: &machine), .wait)
        check(machine.disconnected(slot: 0), true)
        machine.connected(slot: 0)
        check(machine.next()?.item, 2)
    }

    @Test("a lost connection frees the places of its lanes")
    func lost() {
        var machine = Self.machine(Self.limits(connections: 2))
        let lane = machine.addLane(concurrency: 1)
        check(Self.submit(1, lane, to: &machine), .send(slot: 0))
        check(Self.submit(2, lane, to: &machine), .wait)
        check(machine.disconnected(slot: 0), true)
        check(machine.underWayCount, 0)
        let next = machine.next()
        #expect(next?.item == 2 && next?.slot == 1)
    }

    @Test("a lease gets an idle connection, and nothing is sent there until it is returned")
    func leases() {
        var machine = Self.machine(Self.limits(connections: 2))
        let events = machine.addLane(concurrency: 1)
        let calls = machine.addLane(concurrency: 2)
        Self.warm(calls, in: &machine)
        check(machine.lease(1, lane: events), 0)
        check(Self.submit(2, calls, to: &machine), .send(slot: 1))
        check(Self.submit(3, calls, to: &machine), .send(slot: 1), "behind fast work, not behind the lease")
        machine.released(slot: 0)
        check(Self.submit(4, calls, to: &machine), .send(slot: 0))
        check(machine.underWayCount, 3)
    }

    @Test("leases leave a connection to calls; the next one waits, whatever the queue's limit")
    func leasesLeaveOne() {
        var machine = Self.machine(Self.limits(connections: 3, queue: 0))
        let lanes = (0..<3).map { _ in machine.addLane(concurrency: 1) }
        check(machine.lease(1, lane: lanes[0]), 0)
        check(machine.lease(2, lane: lanes[1]), 1)
        check(machine.lease(3, lane: lanes[2]), nil)
        check(machine.waitingCount, 1)
        check(machine.expire(at: .now() + .hours(1000)), [], "a lease waits without a limit")
        check(machine.next()?.item, nil)
        check(Self.submit(4, machine.addLane(concurrency: nil), to: &machine), .send(slot: 2))
        machine.released(slot: 1)
        let next = machine.next()
        #expect(next?.item == 3 && next?.slot == 1)
    }

    @Test("with one connection a lease takes it, and calls wait for their turn")
    func leaseOfTheOnlyConnection() {
        var machine = Self.machine(Self.limits(connections: 1))
        let events = machine.addLane(concurrency: 1)
        let calls = machine.addLane(concurrency: nil)
        check(machine.lease(1, lane: events), 0)
        check(Self.submit(2, calls, to: &machine), .wait)
        check(machine.lease(3, lane: events), nil)
        machine.released(slot: 0)
        check(machine.next()?.item, 2, "what came first goes first")
        check(machine.next()?.item, nil)
        machine.ended(slot: 0, ran: Self.slow)
        check(machine.next()?.item, 3)
    }

    @Test("a connection is let run empty for a lease that waits, and a lost one gives its place back")
    func leasesAmongFastWork() {
        var machine = Self.machine(Self.limits(connections: 2, pipeline: 4))
        let calls = machine.addLane(concurrency: 2)
        let events = machine.addLane(concurrency: 1)
        Self.warm(calls, in: &machine)
        check(Self.submit(1, calls, to: &machine), .send(slot: 0))
        check(Self.submit(2, calls, to: &machine), .send(slot: 1))
        check(machine.lease(3, lane: events), nil)
        check(Self.submit(4, calls, to: &machine), .send(slot: 1), "connection 0 is let run empty")
        check(Self.submit(5, calls, to: &machine), .send(slot: 1))
        machine.ended(slot: 0, ran: Self.fast)
        let next = machine.next()
        #expect(next?.item == 3 && next?.slot == 0)
        check(machine.disconnected(slot: 0), true)
        machine.connected(slot: 0)
        check(machine.lease(6, lane: events), 0)
    }

    @Test("a lane that was removed is used again when nothing of it is left")
    func removedLanes() {
        var machine = Self.machine()
        let first = machine.addLane(concurrency: 1)
        check(Self.submit(1, first, to: &machine), .send(slot: 0))
        machine.removeLane(first)
        let second = machine.addLane(concurrency: 1)
        #expect(second != first)
        machine.ended(slot: 0, ran: Self.fast)
        check(machine.addLane(concurrency: 1), first)
    }
}

@Suite("Whether a procedure has recently been fast")
struct LatencyWindowTests {
    @Test("unknown is slow")
    func unknown() {
        var window = LatencyWindow()
        for _ in 1..<LatencyWindow.least {
            window.record(.zero)
            #expect(!window.isFast)
        }
        window.record(.zero)
        #expect(window.isFast)
    }

    @Test("one slow run in a hundred is allowed, two are not, and they are forgotten after 128 runs")
    func percentile() {
        var window = LatencyWindow()
        for _ in 0..<128 { window.record(.zero) }
        window.record(LatencyWindow.slow)
        #expect(window.isFast)
        window.record(LatencyWindow.slow)
        #expect(!window.isFast)
        for _ in 0..<126 { window.record(.milliseconds(4)) }
        #expect(!window.isFast)
        window.record(.zero)
        #expect(window.isFast)
    }

    @Test("with few runs a single slow one counts")
    func few() {
        var window = LatencyWindow()
        window.record(.seconds(1))
        for _ in 0..<98 { window.record(.zero) }
        #expect(!window.isFast)
        window.record(.zero)
        #expect(window.isFast)
    }
}

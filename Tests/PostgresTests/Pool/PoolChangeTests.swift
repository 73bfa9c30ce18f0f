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

/// A driver without a database: it does as the machine says, and checks what the machine says.
private struct RandomRun: ~Copyable {
    private struct Sent {
        let item: Int
        let claim: Claim
        let lane: Int
    }

    private var random: SeededGenerator
    private var connections = 3
    private var machine: PoolStateMachine<Int>
    private let asked: [Int?] = [nil, 1, 2, 5, nil]
    private var lanes: [LaneID] = []
    private var claims: [Int: (claim: Claim, lane: Int)] = [:]
    private var waiting: Set<Int> = []
    private var underWay: [Int: [Sent]] = [:]
    /// The connections that there are to be, those that leave left out.
    private var wanted: Set<Int>
    private var open: Set<Int> = []
    /// Those that get nothing more, and are closed when they are idle.
    private var retiring: Set<Int> = []
    private var suspended: Set<Int> = []
    /// Busy ones whose work has waited for something outside.
    private var cameBack: Set<Int> = []
    private var isLookAwaited = false
    private var ended = 0
    private var last = 0

    init(seed: UInt64) {
        self.random = SeededGenerator(seed: seed)
        self.machine = PoolStateMachine(limits: Self.limits(3))
        self.wanted = Set(self.machine.permanentSlots)
        for asked in self.asked { self.lanes.append(self.machine.addLane(concurrency: asked)) }
    }

    private static func limits(_ connections: Int) -> PoolLimits {
        PoolLimits(connections: connections, pipeline: 3, queue: 1_000_000, queueTimeout: .seconds(5))
    }

    mutating func step() {
        switch Int.random(in: 0..<20, using: &self.random) {
        case 0..<6: self.submit()
        case 6..<10: if let slot = self.busy.randomElement(using: &self.random) { self.end(slot) }
        case 10..<14: if let slot = self.missing.randomElement(using: &self.random) { self.connect(slot) }
        case 14: if let slot = self.open.sorted().randomElement(using: &self.random) { self.lose(slot) }
        case 15, 16: if let slot = self.busy.randomElement(using: &self.random) { self.suspend(slot) }
        case 17: if let slot = self.suspended.sorted().randomElement(using: &self.random) { self.resume(slot) }
        case 18: self.change(to: Int.random(in: 1...7, using: &self.random))
        default: self.look()
        }
        self.sendAll()
        self.checkNumbers()
    }

    /// Nothing new comes, and all connections are made.
    mutating func finish() {
        while !self.waiting.isEmpty || !self.busy.isEmpty {
            let before = self.ended
            for slot in self.suspended.sorted() { self.resume(slot) }
            for slot in self.missing { self.connect(slot) }
            self.sendAll()
            for slot in self.busy { self.end(slot) }
            self.sendAll()
            check(self.ended > before, true, "it goes on")
            guard self.ended > before else { return }
        }
        check(self.ended, self.last)
        check(self.machine.underWayCount, 0)
        check(self.machine.waitingCount, 0)
        check(self.machine.wantedSpares, 0)
        while self.isLookAwaited { self.look() }
        self.checkNumbers()
        for slot in self.missing { self.connect(slot) }
        check(self.open.count, self.connections)
        for (lane, asked) in self.asked.enumerated() {
            let most = min(asked ?? max(self.connections - 1, 1), self.connections)
            for _ in 0..<most {
                self.submit(.exclusive, lane: lane)
                check(self.waiting, [], "nothing of the past is in its way")
            }
            self.submit(.exclusive, lane: lane)
            check(self.waiting, [self.last])
            while let slot = self.busy.first {
                self.end(slot)
                self.sendAll()
            }
        }
    }

    private var busy: [Int] { self.underWay.keys.sorted() }
    private var missing: [Int] { self.wanted.subtracting(self.open).sorted() }

    private mutating func submit() {
        let claims: [Claim] = [.shared, .shared, .shared, .exclusive, .stream, .lease]
        let claim = claims.randomElement(using: &self.random) ?? .shared
        self.submit(claim, lane: Int.random(in: self.lanes.indices, using: &self.random))
    }

    private mutating func submit(_ claim: Claim, lane: Int) {
        self.last += 1
        self.claims[self.last] = (claim, lane)
        let slot: Int?
        switch claim {
        case .lease:
            slot = self.machine.lease(self.last, lane: self.lanes[lane])
        case .shared, .exclusive, .stream:
            switch self.machine.submit(self.last, lane: self.lanes[lane], expires: .distantFuture, claim) {
            case .send(let sent): slot = sent
            case .wait: slot = nil
            case .refuse:
                check(false, true, "there is room for all")
                slot = nil
            }
        }
        if let slot { self.sent(self.last, to: slot) } else { self.waiting.insert(self.last) }
    }

    private mutating func sendAll() {
        while let (item, slot) = self.machine.next() {
            check(self.waiting.remove(item) != nil, true)
            self.sent(item, to: slot)
        }
    }

    private mutating func sent(_ item: Int, to slot: Int) {
        guard let (claim, lane) = self.claims[item] else { return check(true, false, "unknown work") }
        let others = self.underWay[slot] ?? []
        check(self.open.contains(slot), true)
        check(self.retiring.contains(slot) || self.suspended.contains(slot), false)
        check(others.isEmpty || (claim == .shared && others.allSatisfy { $0.claim == .shared }), true)
        check(others.count < 3, true)
        self.underWay[slot, default: []].append(Sent(item: item, claim: claim, lane: lane))
        if let asked = self.asked[lane] {
            let held = self.underWay.count { slot, sent in
                !self.suspended.contains(slot) && sent.contains { $0.lane == lane }
            }
            // What has waited for something outside comes back.
            if self.cameBack.isEmpty { check(held <= asked, true, "as it asked for") }
        }
    }

    private mutating func end(_ slot: Int) {
        guard var sent = self.underWay[slot], !sent.isEmpty else { return }
        let first = sent.removeFirst()
        if first.claim == .lease {
            self.machine.released(slot: slot)
        } else {
            self.machine.ended(slot: slot, ran: first.lane == 0 ? .milliseconds(10) : .microseconds(10))
        }
        self.ended += 1
        self.underWay[slot] = sent.isEmpty ? nil : sent
        guard sent.isEmpty else { return }
        self.cameBack.remove(slot)
        if self.retiring.contains(slot) { self.lose(slot) }
    }

    private mutating func connect(_ slot: Int) {
        self.open.insert(slot)
        self.machine.connected(slot: slot)
    }

    private mutating func lose(_ slot: Int) {
        self.resume(slot)
        self.ended += self.underWay.removeValue(forKey: slot)?.count ?? 0
        self.cameBack.remove(slot)
        self.open.remove(slot)
        self.retiring.remove(slot)
        check(self.machine.disconnected(slot: slot), self.wanted.contains(slot))
    }

    private mutating func suspend(_ slot: Int) {
        guard self.suspended.insert(slot).inserted else { return }
        self.opened(self.machine.suspend(slot: slot))
    }

    private mutating func resume(_ slot: Int) {
        guard self.suspended.remove(slot) != nil else { return }
        self.cameBack.insert(slot)
        if self.machine.resume(slot: slot) { self.isLookAwaited = true }
    }

    private mutating func look() {
        guard self.isLookAwaited else { return }
        let (closed, looksAgain) = self.machine.lookAtSpares()
        self.isLookAwaited = looksAgain
        self.closed(closed)
    }

    private mutating func change(to connections: Int) {
        let former = self.connections
        self.connections = connections
        let change = self.machine.change(Self.limits(connections))
        if connections >= former { check(change.closed, []) }
        self.closed(change.closed)
        self.opened(change.opened)
        // Those that were leaving and are permanent again.
        self.wanted.formUnion(self.machine.permanentSlots)
        check(self.retiring.isSubset(of: self.open), true)
    }

    private mutating func opened(_ slots: [Int]) {
        for slot in slots {
            check(self.wanted.insert(slot).inserted, true)
            check(self.open.contains(slot), false, "one that leaves is not opened")
        }
    }

    private mutating func closed(_ slots: [Int]) {
        for slot in slots {
            check(self.wanted.remove(slot) != nil, true)
            guard self.open.contains(slot) else { continue }
            self.retiring.insert(slot)
            if self.underWay[slot] == nil { self.lose(slot) }
        }
    }

    private func checkNumbers() {
        check(self.machine.permanentSlots.count, self.connections)
        check(self.wanted.isSuperset(of: self.machine.permanentSlots), true)
        check(self.wanted.count <= 2 * self.connections, true, "as many spare ones as permanent ones at most")
        check(self.wanted.count >= self.connections + self.machine.wantedSpares, true, "as many as are needed")
        check(self.open.subtracting(self.wanted).isSubset(of: self.retiring), true)
        check(self.machine.connections.open, self.open.count)
        check(self.machine.connections.busy, self.underWay.count)
        check(self.machine.waitingCount, self.waiting.count)
    }
}

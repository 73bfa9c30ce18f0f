import NIOCore
import TestChecks
import Testing

@testable import Postgres

/// A driver without a database: it does as the machine says, and checks what the machine says.
struct RandomRun: ~Copyable {
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

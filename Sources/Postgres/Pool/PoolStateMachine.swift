internal import DequeModule
internal import NIOCore

/// Which connection gets which work, and which work waits.
///
/// The rule: work goes to an idle connection first. It is sent behind other work only if there is no idle one that it
/// may use, and it and all the work under way there has been fast recently (``LatencyWindow``), at most `pipeline`
/// deep. One lane is under way on at most its `concurrency` connections. Waiting work keeps the order in which it came,
/// but never waits behind work that can't run now.
///
/// A lease is work that ends when it is returned: it gets an idle connection, and nothing else is sent there. All
/// leases together hold at most all connections but one, if there is more than one, so that calls continue. The same
/// holds for streams, whose end depends on how fast their reader is; work may pass a stream that waits for this reason.
///
/// Work can wait for other work of the same pool: its function has called out, and the called procedure calls back.
/// While it waits, its connection does not count, and a spare one may replace it; there are as many spare ones as
/// others.
///
/// Generic over what the work is, so that the rule can be tested without a database.
struct PoolStateMachine<Item>: ~Copyable {
    enum SubmitAction: Equatable {
        case send(slot: Int)
        case wait
        case refuse
    }

    private struct Waiting {
        let item: Item
        let sequence: Int64
        let expires: NIODeadline
        let claim: Claim
        /// Whether it takes room in the queue. Work that is sent again and leases do not.
        var isCounted = false
    }

    private struct Lane {
        let concurrency: Int
        var held = 0
        var latency = LatencyWindow()
        var waiting = Deque<Waiting>()
    }

    private struct UnderWay {
        let lane: Int
        let isSlow: Bool
        let claim: Claim
    }

    private struct Slot {
        enum State {
            case absent
            case open
            /// Nothing is sent until a cancel has done its work.
            case blocked
            /// Nothing is sent any more.
            case retiring
        }

        var state = State.absent
        var underWay = Deque<UnderWay>()
        var slow = 0
        /// The lanes that have work under way here, and how much.
        var lanes: [(lane: Int, count: Int)] = []
        /// The running work waits for something outside of the database.
        var isSuspended = false

        func holds(_ lane: Int) -> Bool {
            self.lanes.contains { $0.lane == lane }
        }
    }

    private var limits: PoolLimits
    private var lanes: [Lane] = []
    private var slots: [Slot]
    private var lanesWithWaiting: [Int] = []
    /// No more work is submitted there.
    private var removedLanes = Deque<Int>()
    /// The number of leases that are held.
    private var leases = 0
    /// The number of streams under way.
    private var streams = 0
    /// The connection that gets no more work until it is idle, because waiting work may not follow other work.
    private var draining: Int?
    private var lastSequence: Int64 = 0
    private var firstSequence: Int64 = 0

    /// How much work waits.
    private(set) var waitingCount = 0
    /// The queue's room, by lane.
    private var room: FairShares<Int>

    init(limits: PoolLimits) {
        self.limits = limits
        self.room = FairShares(capacity: limits.queue)
        self.slots = (0..<Self.slots(limits)).map { _ in Slot() }
    }

    /// From now on so much may be under way on a connection, and so much may wait. What waits already stays.
    mutating func change(pipeline: Int, queue: Int) {
        self.limits.pipeline = pipeline
        self.room.capacity = queue
    }

    /// The most connections there can be, with the spare ones.
    static func slots(_ limits: PoolLimits) -> Int { 2 * limits.connections }

    /// The number of connections that there should be now.
    var wantedSlots: Int {
        min(self.limits.connections + self.slots.count { $0.isSuspended }, self.slots.count)
    }

    /// Whether no work is under way on a connection.
    func isIdle(slot: Int) -> Bool { self.slots[slot].underWay.isEmpty }

    /// How many connections there are, and on how many of them something is under way.
    var connections: (open: Int, busy: Int) {
        self.slots.reduce(into: (0, 0)) { counts, slot in
            switch slot.state {
            case .absent: break
            case .open, .blocked, .retiring:
                counts.0 += 1
                if !slot.underWay.isEmpty { counts.1 += 1 }
            }
        }
    }

    /// How much work is under way on all connections.
    var underWayCount: Int { self.slots.reduce(0) { $0 + $1.underWay.count } }

    /// Whether there is a connection at all.
    var isConnected: Bool {
        self.slots.contains { slot in
            switch slot.state {
            case .absent: false
            case .open, .blocked, .retiring: true
            }
        }
    }

    /// A new source of work. By default it may use all connections but one, so that it can't starve the others.
    mutating func addLane(concurrency: Int?) -> LaneID {
        let most = self.limits.connections
        let lane = Lane(concurrency: min(max(concurrency ?? most - 1, 1), most))
        self.room.parties += 1
        // Removed lanes that are still in use are skipped: no more than these are examined.
        for _ in 0..<min(self.removedLanes.count, 8) {
            guard let index = self.removedLanes.popFirst() else { break }
            guard self.lanes[index].held == 0, self.lanes[index].waiting.isEmpty else {
                self.removedLanes.append(index)
                continue
            }
            self.lanes[index] = lane
            return LaneID(index: index)
        }
        self.lanes.append(lane)
        return LaneID(index: self.lanes.count - 1)
    }

    /// No more work is submitted there. Another lane takes its place when its last work has ended.
    mutating func removeLane(_ lane: LaneID) {
        self.removedLanes.append(lane.index)
        self.room.parties -= 1
    }

    // MARK: - Work

    /// Work came.
    mutating func submit(_ item: Item, lane: LaneID, expires: NIODeadline, _ claim: Claim) -> SubmitAction {
        if self.isNext(claim, in: lane.index), let slot = self.slot(for: lane.index, claim) {
            self.put(lane.index, claim, on: slot)
            return .send(slot: slot)
        }
        guard self.room.hasRoom(for: 1, of: lane.index) else { return .refuse }
        self.room.take(1, for: lane.index)
        self.waitBehindAll(item, lane: lane.index, expires: expires, claim, isCounted: true)
        return .wait
    }

    /// Requests a connection for as long as its holder needs it. The queue's limit does not apply, and the request
    /// never expires.
    ///
    /// - Returns: the connection; nil if there is none yet: ``next()`` returns it later.
    mutating func lease(_ item: Item, lane: LaneID) -> Int? {
        if self.isNext(.lease, in: lane.index), let slot = self.slot(for: lane.index, .lease) {
            self.put(lane.index, .lease, on: slot)
            return slot
        }
        self.waitBehindAll(item, lane: lane.index, expires: .distantFuture, .lease)
        return nil
    }

    /// The lease on this connection is returned.
    mutating func released(slot: Int) {
        guard let ended = self.slots[slot].underWay.popFirst() else { return }
        self.forget(ended, on: slot)
    }

    /// Work that its connection refused, or that runs again, goes ahead of the waiting work. The queue's limit does not
    /// apply.
    mutating func resubmit(_ item: Item, lane: LaneID, expires: NIODeadline, _ claim: Claim) {
        self.firstSequence -= 1
        self.wait(
            Waiting(item: item, sequence: self.firstSequence, expires: expires, claim: claim),
            lane: lane.index,
            atFront: true)
    }

    /// As ``resubmit(_:lane:expires:_:)``, for a lease whose connection turned out to be broken.
    mutating func leaseAgain(_ item: Item, lane: LaneID) {
        self.firstSequence -= 1
        self.wait(
            Waiting(item: item, sequence: self.firstSequence, expires: .distantFuture, claim: .lease),
            lane: lane.index,
            atFront: true)
    }

    /// The next work that can be sent, and its connection; nil if there is none.
    mutating func next() -> (item: Item, slot: Int)? {
        var best: (lane: Int, index: Int, slot: Int, sequence: Int64)?
        for lane in self.lanesWithWaiting {
            guard let index = self.nextIndex(in: lane) else { continue }
            let next = self.lanes[lane].waiting[index]
            guard next.sequence < best?.sequence ?? .max, let slot = self.slot(for: lane, next.claim) else { continue }
            best = (lane, index, slot, next.sequence)
        }
        guard let best else {
            self.chooseWhatDrains()
            return nil
        }
        let waiting = self.lanes[best.lane].waiting.remove(at: best.index)
        self.left(waiting, lane: best.lane)
        self.forgetIfEmpty(best.lane)
        self.put(best.lane, waiting.claim, on: best.slot)
        return (waiting.item, best.slot)
    }

    /// The oldest work under way on a connection has ended.
    mutating func ended(slot: Int, ran: TimeAmount) {
        guard let ended = self.slots[slot].underWay.popFirst() else { return }
        // The duration of a stream means nothing for the lane's other work.
        if ended.claim != .stream { self.lanes[ended.lane].latency.record(ran) }
        self.forget(ended, on: slot)
    }

    private mutating func forget(_ ended: UnderWay, on slot: Int) {
        if ended.isSlow { self.slots[slot].slow -= 1 }
        self.giveBack(ended.claim)
        guard let index = self.slots[slot].lanes.firstIndex(where: { $0.lane == ended.lane }) else { return }
        self.slots[slot].lanes[index].count -= 1
        if self.slots[slot].lanes[index].count == 0 {
            self.slots[slot].lanes.remove(at: index)
            if !self.slots[slot].isSuspended { self.lanes[ended.lane].held -= 1 }
        }
    }

    private mutating func giveBack(_ claim: Claim) {
        switch claim {
        case .lease: self.leases -= 1
        case .stream: self.streams -= 1
        case .shared, .exclusive: break
        }
    }

    /// Removes waiting work that is unwanted. Returns whether it was there.
    mutating func withdraw(lane: LaneID, where isIt: (Item) -> Bool) -> Bool {
        guard let index = self.lanes[lane.index].waiting.firstIndex(where: { isIt($0.item) }) else { return false }
        self.left(self.lanes[lane.index].waiting.remove(at: index), lane: lane.index)
        self.forgetIfEmpty(lane.index)
        return true
    }

    /// Removes work that has waited for too long.
    mutating func expire(at now: NIODeadline) -> [Item] {
        var expired: [Item] = []
        for lane in self.lanesWithWaiting {
            for waiting in self.lanes[lane].waiting where waiting.expires <= now {
                self.left(waiting, lane: lane)
                expired.append(waiting.item)
            }
            self.lanes[lane].waiting.removeAll { $0.expires <= now }
        }
        self.lanesWithWaiting.removeAll { self.lanes[$0].waiting.isEmpty }
        return expired
    }

    // MARK: - Connections

    mutating func connected(slot: Int) {
        self.slots[slot] = Slot(state: .open)
    }

    /// The connection is lost, and the work under way on it.
    mutating func disconnected(slot: Int) {
        self.resume(slot: slot)
        for (lane, _) in self.slots[slot].lanes { self.lanes[lane].held -= 1 }
        for lost in self.slots[slot].underWay { self.giveBack(lost.claim) }
        self.slots[slot] = Slot()
    }

    /// The work there waits for something outside: until ``resume(slot:)`` nothing is sent behind it, and it does not
    /// count.
    mutating func suspend(slot: Int) {
        guard !self.slots[slot].isSuspended else { return }
        self.slots[slot].isSuspended = true
        for (lane, _) in self.slots[slot].lanes { self.lanes[lane].held -= 1 }
        if self.draining == slot { self.draining = nil }
    }

    /// It waits no more.
    mutating func resume(slot: Int) {
        guard self.slots[slot].isSuspended else { return }
        self.slots[slot].isSuspended = false
        for (lane, _) in self.slots[slot].lanes { self.lanes[lane].held += 1 }
    }

    /// Nothing is sent there until ``unblock(slot:)``.
    mutating func block(slot: Int) {
        if case .open = self.slots[slot].state { self.slots[slot].state = .blocked }
    }

    mutating func unblock(slot: Int) {
        if case .blocked = self.slots[slot].state { self.slots[slot].state = .open }
    }

    /// Nothing is sent there any more.
    mutating func retire(slot: Int) {
        switch self.slots[slot].state {
        case .open, .blocked: self.slots[slot].state = .retiring
        case .absent, .retiring: break
        }
    }

    // MARK: - The rule

    private func slot(for lane: Int, _ claim: Claim) -> Int? {
        let mayTakeAnother = self.mayTakeAnother(lane, claim)
        let mayFollow = claim.isShared && self.lanes[lane].latency.isFast
        var best: (slot: Int, depth: Int)?
        for index in self.slots.indices {
            guard case .open = self.slots[index].state, !self.slots[index].isSuspended else { continue }
            let depth = self.slots[index].underWay.count
            if depth == 0 {
                if mayTakeAnother, index < self.limits.connections || self.isSpareFree { return index }
            } else if mayFollow, index != self.draining, self.slots[index].slow == 0, depth < self.limits.pipeline,
                depth < best?.depth ?? .max,
                mayTakeAnother || self.slots[index].holds(lane)
            {
                best = (index, depth)
            }
        }
        return best?.slot
    }

    /// Spare connections make up for suspended ones, and for nothing else.
    private var isSpareFree: Bool {
        let running = self.slots.count { !$0.underWay.isEmpty && !$0.isSuspended }
        return running < self.limits.connections
    }

    private func mayTakeAnother(_ lane: Int, _ claim: Claim) -> Bool {
        guard self.lanes[lane].held < self.lanes[lane].concurrency else { return false }
        return !self.isBeyondLimit(claim)
    }

    /// Whether there are as many of this kind as allowed, on any lane.
    private func isBeyondLimit(_ claim: Claim) -> Bool {
        let most = max(self.limits.connections - 1, 1)
        return switch claim {
        case .shared, .exclusive: false
        case .lease: self.leases >= most
        case .stream: self.streams >= most
        }
    }

    /// The next of a lane's waiting work: the first, but streams stand aside while there are as many as allowed.
    private func nextIndex(in lane: Int) -> Int? {
        let waiting = self.lanes[lane].waiting
        guard let first = waiting.first else { return nil }
        guard first.claim == .stream, self.isBeyondLimit(.stream) else { return 0 }
        return waiting.firstIndex { $0.claim != .stream }
    }

    /// Whether new work would be the first of its lane.
    private func isNext(_ claim: Claim, in lane: Int) -> Bool {
        guard !self.lanes[lane].waiting.isEmpty else { return true }
        return claim != .stream && self.nextIndex(in: lane) == nil
    }

    /// Fast work alone could keep every connection busy forever. So while work waits that needs an idle one, one
    /// connection gets no more work behind other work, until it is idle.
    private mutating func chooseWhatDrains() {
        let isNeeded = self.lanesWithWaiting.contains { index in
            guard let next = self.nextIndex(in: index) else { return false }
            let lane = self.lanes[index]
            let claim = lane.waiting[next].claim
            return (!claim.isShared || !lane.latency.isFast) && self.mayTakeAnother(index, claim)
        }
        guard isNeeded else {
            self.draining = nil
            return
        }
        if let draining = self.draining, case .open = self.slots[draining].state { return }
        let candidates = self.slots.indices.filter { index in
            guard case .open = self.slots[index].state else { return false }
            return self.slots[index].slow == 0 && !self.slots[index].isSuspended && index < self.limits.connections
        }
        self.draining = candidates.min { self.slots[$0].underWay.count < self.slots[$1].underWay.count }
    }

    private mutating func put(_ lane: Int, _ claim: Claim, on slot: Int) {
        let isSlow = !claim.isShared || !self.lanes[lane].latency.isFast
        self.slots[slot].underWay.append(UnderWay(lane: lane, isSlow: isSlow, claim: claim))
        if isSlow { self.slots[slot].slow += 1 }
        switch claim {
        case .lease: self.leases += 1
        case .stream: self.streams += 1
        case .shared, .exclusive: break
        }
        if let index = self.slots[slot].lanes.firstIndex(where: { $0.lane == lane }) {
            self.slots[slot].lanes[index].count += 1
        } else {
            self.slots[slot].lanes.append((lane, 1))
            self.lanes[lane].held += 1
        }
    }

    private mutating func waitBehindAll(
        _ item: Item, lane: Int, expires: NIODeadline, _ claim: Claim, isCounted: Bool = false
    ) {
        self.lastSequence += 1
        self.wait(
            Waiting(
                item: item, sequence: self.lastSequence, expires: expires, claim: claim, isCounted: isCounted),
            lane: lane, atFront: false)
        self.chooseWhatDrains()
    }

    private mutating func wait(_ waiting: Waiting, lane: Int, atFront: Bool) {
        if self.lanes[lane].waiting.isEmpty { self.lanesWithWaiting.append(lane) }
        if atFront {
            self.lanes[lane].waiting.prepend(waiting)
        } else {
            self.lanes[lane].waiting.append(waiting)
        }
        self.waitingCount += 1
    }

    /// It waits no more.
    private mutating func left(_ waiting: Waiting, lane: Int) {
        self.waitingCount -= 1
        if waiting.isCounted { self.room.release(1, of: lane) }
    }

    private mutating func forgetIfEmpty(_ lane: Int) {
        guard self.lanes[lane].waiting.isEmpty else { return }
        self.lanesWithWaiting.removeAll { $0 == lane }
    }
}

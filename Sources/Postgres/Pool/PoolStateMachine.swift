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
/// others (``RosterStateMachine``).
///
/// The number of connections can change. Those that are too many get nothing more, and what is under way there counts
/// only for the `concurrency` that its lane asked for: the rest of the rule is about the other connections.
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
        /// As asked for; nil for all connections but one.
        let concurrency: Int?
        /// The connections on which its work is under way, but for suspended ones and those that leave.
        var held = 0
        /// The same of those that leave.
        var leaving = 0
        var latency = LatencyWindow()
        var waiting = Deque<Waiting>()
    }

    private var limits: PoolLimits
    private var roster: RosterStateMachine
    private var lanes: [Lane] = []
    private var slots: [PoolSlot]
    private var lanesWithWaiting: [Int] = []
    /// No more work is submitted there.
    private var removedLanes = Deque<Int>()
    /// The connection that gets no more work until it is idle, because waiting work may not follow other work.
    private var draining: Int?
    private var lastSequence: Int64 = 0
    private var firstSequence: Int64 = 0

    /// How much work waits.
    private(set) var waitingCount = 0
    /// The queue's room, by lane.
    private var room: FairShares

    init(limits: PoolLimits) {
        self.limits = limits
        self.room = FairShares(capacity: limits.queue)
        self.roster = RosterStateMachine(connections: limits.connections)
        self.slots = (0..<self.roster.slots).map { _ in PoolSlot() }
    }

    /// How many slots of connections there are. It never falls.
    var slotCount: Int { self.slots.count }

    /// The slots of the connections that there are to be in any case.
    var permanentSlots: [Int] { self.roster.permanent }

    /// The number of spare connections that there should be now.
    var wantedSpares: Int {
        let suspended = self.slots.indices.count { self.slots[$0].isSuspended && !self.roster.isLeaving($0) }
        return min(suspended, self.limits.connections)
    }

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

    /// How many of the connections that there are to be are not there.
    var missingConnections: Int {
        self.slots.indices.count { slot in
            switch self.slots[slot].state {
            case .absent: self.roster.isWanted(slot)
            case .open, .blocked, .retiring: false
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
        let lane = Lane(concurrency: concurrency.map { max($0, 1) })
        self.room.parties += 1
        // Removed lanes that are still in use are skipped: no more than these are examined.
        for _ in 0..<min(self.removedLanes.count, 8) {
            guard let index = self.removedLanes.popFirst() else { break }
            guard self.lanes[index].held + self.lanes[index].leaving == 0, self.lanes[index].waiting.isEmpty else {
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
        guard self.room.hasRoom(for: 1, of: FairShares.Party(number: lane.index)) else { return .refuse }
        self.room.take(1, for: FairShares.Party(number: lane.index))
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

    private mutating func forget(_ ended: PoolSlot.UnderWay, on slot: Int) {
        if ended.isSlow { self.slots[slot].slow -= 1 }
        guard let index = self.slots[slot].lanes.firstIndex(where: { $0.lane == ended.lane }) else { return }
        self.slots[slot].lanes[index].count -= 1
        if self.slots[slot].lanes[index].count == 0 {
            self.slots[slot].lanes.remove(at: index)
            self.count(ended.lane, by: -1, on: slot)
        }
    }

    /// A lane's work holds one connection more or less. Suspended ones don't count.
    private mutating func count(_ lane: Int, by change: Int, on slot: Int) {
        guard !self.slots[slot].isSuspended else { return }
        if self.roster.isLeaving(slot) {
            self.lanes[lane].leaving += change
        } else {
            self.lanes[lane].held += change
        }
        assert(self.lanes[lane].held >= 0 && self.lanes[lane].leaving >= 0)
    }

    private mutating func countLanes(of slot: Int, by change: Int) {
        for (lane, _) in self.slots[slot].lanes { self.count(lane, by: change, on: slot) }
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
        self.slots[slot] = PoolSlot(state: .open)
    }

    /// The connection is lost, and the work under way on it.
    ///
    /// - Returns: whether another takes its place.
    mutating func disconnected(slot: Int) -> Bool {
        self.countLanes(of: slot, by: -1)
        self.slots[slot] = PoolSlot()
        return self.roster.ended(slot: slot)
    }

    /// The work there waits for something outside: until ``resume(slot:)`` nothing is sent behind it, and it does not
    /// count.
    ///
    /// - Returns: the slots of the spare connections to open.
    mutating func suspend(slot: Int) -> [Int] {
        guard !self.slots[slot].isSuspended else { return [] }
        self.countLanes(of: slot, by: -1)
        self.slots[slot].isSuspended = true
        if self.draining == slot { self.draining = nil }
        return self.openSpares()
    }

    /// It waits no more, or has ended.
    ///
    /// - Returns: whether ``lookAtSpares()`` is to be called after a while.
    mutating func resume(slot: Int) -> Bool {
        guard self.slots[slot].isSuspended else { return false }
        self.slots[slot].isSuspended = false
        self.countLanes(of: slot, by: 1)
        return self.roster.resumed()
    }

    private mutating func openSpares() -> [Int] {
        let opened = self.roster.suspended(wanted: self.wantedSpares)
        self.addSlots()
        return opened
    }

    private mutating func addSlots() {
        while self.slots.count < self.roster.slots { self.slots.append(PoolSlot()) }
    }

    /// A while has passed.
    ///
    /// - Returns: the slots of unneeded spare connections, which get nothing more and are to be closed, and whether to
    ///   look again after a while.
    mutating func lookAtSpares() -> (closed: [Int], looksAgain: Bool) {
        let idle = self.slots.indices.filter { self.slots[$0].underWay.isEmpty }
        let look = self.roster.looked(wanted: self.wantedSpares, idle: idle)
        self.leave(look.closed)
        return look
    }

    /// From now on these limits hold. What waits goes on waiting as it did.
    ///
    /// If there are to be fewer connections, those stay that can do most now: rather idle ones than busy ones, rather
    /// these than those of a stream or a lease, which may last.
    ///
    /// - Returns: which connections are to be opened, and which get nothing more and are to be closed when nothing is
    ///   under way there.
    mutating func change(_ limits: PoolLimits) -> RosterStateMachine.Change {
        self.limits = limits
        self.room.capacity = limits.queue
        for slot in self.slots.indices { self.countLanes(of: slot, by: -1) }
        let uses = self.slots.map(\.use)
        let order = uses.indices.sorted { (uses[$0], $0) < (uses[$1], $1) }
        var change = self.roster.change(to: limits.connections, in: order)
        self.addSlots()
        for slot in self.slots.indices { self.countLanes(of: slot, by: 1) }
        self.leave(change.closed)
        change.opened += self.openSpares()
        return change
    }

    private mutating func leave(_ closed: [Int]) {
        for slot in closed {
            switch self.slots[slot].state {
            case .absent: _ = self.roster.ended(slot: slot)
            case .open, .blocked, .retiring: self.slots[slot].state = .retiring
            }
        }
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
        var spare: Int?
        for index in self.slots.indices {
            guard case .open = self.slots[index].state, !self.slots[index].isSuspended else { continue }
            let depth = self.slots[index].underWay.count
            if depth == 0 {
                guard mayTakeAnother else { continue }
                if self.roster.isPermanent(index) { return index }
                spare = spare ?? index
            } else if mayFollow, index != self.draining, self.slots[index].slow == 0, depth < self.limits.pipeline,
                depth < best?.depth ?? .max,
                mayTakeAnother || self.slots[index].holds(lane)
            {
                best = (index, depth)
            }
        }
        if let spare, self.isSpareFree { return spare }
        return best?.slot
    }

    /// Spare connections make up for suspended ones, and for nothing else.
    private var isSpareFree: Bool {
        let running = self.slots.indices.count {
            !self.slots[$0].underWay.isEmpty && !self.slots[$0].isSuspended && !self.roster.isLeaving($0)
        }
        return running < self.limits.connections
    }

    private func mayTakeAnother(_ lane: Int, _ claim: Claim) -> Bool {
        let most = self.limits.connections
        let asked = self.lanes[lane].concurrency
        guard self.lanes[lane].held < min(asked ?? max(most - 1, 1), most) else { return false }
        if let asked, self.lanes[lane].held + self.lanes[lane].leaving >= asked { return false }
        return !self.isBeyondLimit(claim)
    }

    /// Whether there are as many of this kind as allowed, on any lane.
    private func isBeyondLimit(_ claim: Claim) -> Bool {
        switch claim {
        case .shared, .exclusive:
            return false
        case .lease, .stream:
            let held = self.slots.indices.count {
                self.slots[$0].underWay.first?.claim == claim && !self.roster.isLeaving($0)
            }
            return held >= max(self.limits.connections - 1, 1)
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
            return self.slots[index].slow == 0 && !self.slots[index].isSuspended && self.roster.isPermanent(index)
        }
        self.draining = candidates.min { self.slots[$0].underWay.count < self.slots[$1].underWay.count }
    }

    private mutating func put(_ lane: Int, _ claim: Claim, on slot: Int) {
        let isSlow = !claim.isShared || !self.lanes[lane].latency.isFast
        self.slots[slot].underWay.append(PoolSlot.UnderWay(lane: lane, isSlow: isSlow, claim: claim))
        if isSlow { self.slots[slot].slow += 1 }
        if let index = self.slots[slot].lanes.firstIndex(where: { $0.lane == lane }) {
            self.slots[slot].lanes[index].count += 1
        } else {
            self.slots[slot].lanes.append((lane, 1))
            self.count(lane, by: 1, on: slot)
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
        if waiting.isCounted { self.room.release(1, of: FairShares.Party(number: lane)) }
    }

    private mutating func forgetIfEmpty(_ lane: Int) {
        guard self.lanes[lane].waiting.isEmpty else { return }
        self.lanesWithWaiting.removeAll { $0 == lane }
    }
}

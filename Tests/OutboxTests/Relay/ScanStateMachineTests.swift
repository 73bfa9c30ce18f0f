import NIOCore
import TestChecks
import Testing

@testable import Outbox

@Suite("When the outbox is read, and from where")
struct ScanStateMachineTests {
    private typealias Step = ScanStateMachine.Step
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func machine(batch: Int = 10) -> ScanStateMachine {
        var machine = ScanStateMachine(batch: batch, attempts: 5)
        machine.started(at: self.start)
        return machine
    }

    /// A scan of topics that are not held.
    private func ordinary(
        _ behind: Int64? = nil, gaps: [ClosedRange<Int64>] = [], rows: Int = 10, mark: Bool = false,
        horizon: Bool = false
    ) -> Step {
        .read(
            RelayScan(
                kind: .ordinary, behind: behind, upTo: .max, ranges: gaps, rows: rows,
                sequence: behind.map { _ in 1 }),
            mark: mark, horizon: horizon)
    }

    private func full(rows: Int = 10, mark: Bool = false, horizon: Bool = false) -> Step {
        .read(
            RelayScan(kind: .full, behind: nil, upTo: .max, ranges: [], rows: rows, sequence: nil), mark: mark,
            horizon: horizon)
    }

    /// The sequence of the marks in all tests but one.
    private func mark(_ last: Int64, horizon: UInt64, _ machine: inout ScanStateMachine, at now: NIODeadline? = nil) {
        machine.marked(last: last, horizon: horizon, sequence: 1, at: now ?? self.start)
    }

    /// A machine of which the ids up to this are settled, and an ordinary scan is under way.
    private func settled(_ last: Int64, batch: Int = 10) -> ScanStateMachine {
        var machine = self.machine(batch: batch)
        _ = machine.next(at: self.start)
        self.scan([last], &machine, at: self.start)
        _ = machine.next(at: self.start + .seconds(1))
        self.mark(last, horizon: 50, &machine)
        machine.horizonSeen(oldest: 50, at: self.start)
        machine.readEnded(rows: 0, last: nil, at: self.start + .seconds(1))
        machine.notified()
        check(machine.next(at: self.start + .seconds(1)), self.ordinary(last, rows: batch))
        return machine
    }

    /// One scan that finds rows with these ids, all of which are published and deleted before the next.
    private func scan(_ ids: [Int64], _ machine: inout ScanStateMachine, at now: NIODeadline) {
        for id in ids { check(machine.rowRead(id: id, topic: "a", octets: 10), true) }
        machine.readEnded(rows: ids.count, last: ids.last, at: now)
        machine.finished(ids.count, octets: 10 * ids.count)
    }

    @Test("nothing is done before it is started, nor after it is stopped")
    func stopped() {
        var machine = ScanStateMachine(batch: 10, attempts: 5)
        check(machine.next(at: self.start), .nothing)
        machine.started(at: self.start)
        check(machine.next(at: self.start), self.ordinary(mark: true, horizon: true))
        machine.stopped()
        check(machine.next(at: self.start), .nothing)
    }

    @Test("near the newest rows nothing is read until the read rows are deleted, and then from the old bound")
    func liveEdge() {
        var machine = self.machine()
        check(machine.next(at: self.start), self.ordinary(mark: true, horizon: true))
        _ = machine.rowRead(id: 7, topic: "a", octets: 10)
        _ = machine.rowRead(id: 9, topic: "a", octets: 10)
        machine.readEnded(rows: 2, last: 9, at: self.start)
        check(machine.next(at: self.start + .seconds(1)), .nothing, "5 may appear, and 7 would be found again")
        machine.finished(2, octets: 20)
        check(machine.next(at: self.start + .seconds(1)), self.ordinary())
    }

    @Test("the bound moves to a mark only when its horizon has passed and a later scan has ended")
    func settledBound() {
        var machine = self.machine()
        _ = machine.next(at: self.start)
        self.scan([7, 9], &machine, at: self.start)
        var now = self.start + .milliseconds(200)
        check(machine.next(at: now), self.ordinary())
        self.mark(12, horizon: 100, &machine)
        machine.horizonSeen(oldest: 90, at: self.start)
        machine.readEnded(rows: 0, last: nil, at: now)
        now = now + .milliseconds(50)
        check(machine.next(at: now), .tryLock)
        machine.lockAnswered(false, at: now)
        check(machine.next(at: now), self.ordinary(horizon: true), "a writer of before the mark lives")
        machine.horizonSeen(oldest: 100, at: self.start)
        self.scan([5], &machine, at: now)
        now = now + .milliseconds(50)
        check(
            machine.next(at: now), self.ordinary(5),
            "no more than up to the last row that was seen")
        machine.readEnded(rows: 0, last: nil, at: now)
        machine.notified()
        check(machine.next(at: now), self.ordinary(12))
    }

    @Test("below the settled bound it reads ahead, up to a batch and a megabyte")
    func readsAhead() {
        var machine = self.machine(batch: 3)
        _ = machine.next(at: self.start)
        self.scan([1, 2, 3], &machine, at: self.start)
        check(machine.next(at: self.start + .seconds(1)), self.ordinary(rows: 3))
        self.mark(1000, horizon: 50, &machine)
        machine.horizonSeen(oldest: 51, at: self.start)
        for id in [4, 5, 6] as [Int64] { _ = machine.rowRead(id: id, topic: "a", octets: 10) }
        machine.readEnded(rows: 3, last: 6, at: self.start)
        check(machine.next(at: self.start + .seconds(1)), .nothing, "a batch is under way")
        machine.finished(1, octets: 10)
        check(machine.next(at: self.start + .seconds(1)), self.ordinary(6, rows: 3))
        _ = machine.rowRead(id: 7, topic: "a", octets: ScanStateMachine.mostOctets)
        machine.readEnded(rows: 1, last: 7, at: self.start)
        machine.finished(1, octets: 10)
        check(machine.next(at: self.start + .seconds(2)), .nothing, "too much is under way")
    }

    @Test("without rows it takes longer pauses, tries to sleep, and scans once more before it does")
    func fallsAsleep() {
        var machine = self.machine()
        var now = self.start
        _ = machine.next(at: now)
        machine.readEnded(rows: 0, last: nil, at: now)
        check(machine.next(at: now), .wait(until: now + .milliseconds(1)))
        now = now + .milliseconds(1)
        _ = machine.next(at: now)
        machine.readEnded(rows: 0, last: nil, at: now)
        check(machine.next(at: now), .wait(until: now + .milliseconds(2)))
        now = self.start + .milliseconds(20)
        check(machine.next(at: now), .tryLock)
        check(machine.next(at: now), .nothing)
        machine.lockAnswered(true, at: now)
        check(machine.isHoldingLock, true)
        check(machine.next(at: now), self.ordinary())
        machine.readEnded(rows: 0, last: nil, at: now)
        check(machine.next(at: now), .rest(until: now + .seconds(1)))
        check(machine.isHoldingLock, true)
    }

    @Test("rows that the last scan finds keep it awake")
    func lastScanFindsRows() {
        var machine = self.machine()
        _ = machine.next(at: self.start)
        machine.readEnded(rows: 0, last: nil, at: self.start)
        let now = self.start + .milliseconds(20)
        _ = machine.next(at: now)
        machine.lockAnswered(true, at: now)
        _ = machine.next(at: now)
        self.scan([3], &machine, at: now)
        check(machine.next(at: now), .unlock)
        check(machine.isHoldingLock, false)
        check(machine.next(at: now), self.ordinary())
    }

    @Test("a notification wakes it: it releases the lock and scans, in this order, once each")
    func woken() {
        var machine = self.asleep()
        let now = self.start + .milliseconds(30)
        machine.notified()
        check(machine.next(at: now), .unlock)
        check(machine.next(at: now), self.ordinary())
        machine.readEnded(rows: 0, last: nil, at: now)
        check(machine.next(at: now), .wait(until: now + .milliseconds(1)))
    }

    @Test("the backstop scans while asleep, now and then from the first row, and wakes up for rows")
    func backstop() {
        var machine = self.asleep()
        var now = self.start + .seconds(2)
        check(machine.next(at: now), self.ordinary())
        machine.readEnded(rows: 0, last: nil, at: now)
        check(machine.next(at: now), .rest(until: now + .seconds(1)))
        now = now + .seconds(1)
        check(machine.next(at: now), self.ordinary())
        self.scan([4], &machine, at: now)
        check(machine.next(at: now), .unlock)
    }

    @Test("after many deletions the empty table is truncated, once")
    func truncates() {
        var machine = self.machine()
        machine.finished(ScanStateMachine.truncateAfter, octets: 0)
        machine.stopped()
        machine.started(at: self.start)
        _ = machine.next(at: self.start)
        machine.readEnded(rows: 0, last: nil, at: self.start)
        let now = self.start + .milliseconds(20)
        check(machine.next(at: now), .tryLock)
        machine.lockAnswered(true, at: now)
        _ = machine.next(at: now)
        machine.readEnded(rows: 0, last: nil, at: now)
        check(machine.next(at: now), .truncate)
        check(machine.next(at: now), .nothing)
        machine.truncated()
        check(machine.next(at: now), .rest(until: now + .seconds(1)))
    }

    @Test("a late id is looked for, and reading continues ahead of it")
    func gaps() {
        var machine = self.settled(10)
        let now = self.start + .seconds(2)
        for id in [11, 13, 14] as [Int64] { _ = machine.rowRead(id: id, topic: "a", octets: 10) }
        machine.readEnded(rows: 3, last: 14, at: now)
        check(machine.underWay, 3)
        check(machine.next(at: now + .seconds(1)), self.ordinary(14, gaps: [12...12], mark: true, horizon: true))
        self.mark(14, horizon: 70, &machine)
        machine.horizonSeen(oldest: 60, at: now)
        // 12 commits, of a session that commits 15 after it.
        for id in [12, 15] as [Int64] { _ = machine.rowRead(id: id, topic: "a", octets: 10) }
        machine.readEnded(rows: 2, last: 15, at: now)
        check(machine.next(at: now + .seconds(1)), self.ordinary(15, horizon: true))
    }

    @Test("a gap that is settled is no gap: its transaction was rolled back")
    func rolledBack() {
        var machine = self.settled(10)
        let now = self.start + .seconds(2)
        self.scan([12], &machine, at: now)
        check(machine.next(at: now + .seconds(1)), self.ordinary(12, gaps: [11...11], mark: true, horizon: true))
        self.mark(12, horizon: 70, &machine)
        machine.horizonSeen(oldest: 70, at: now)
        machine.readEnded(rows: 0, last: nil, at: now + .seconds(1))
        machine.notified()
        check(machine.next(at: now + .seconds(1)), self.ordinary(12))
    }

    @Test("before too many ids that may be unassigned the bound stops, until they are known to be assigned")
    func farAhead() {
        var machine = self.settled(10)
        let now = self.start + .seconds(2)
        let far = 12 + ScanBound.farthestLeap
        _ = machine.rowRead(id: far, topic: "a", octets: 10)
        machine.readEnded(rows: 1, last: far, at: now)
        check(machine.next(at: now + .seconds(1)), .nothing)
        machine.finished(1, octets: 10)
        check(machine.next(at: now + .seconds(1)), self.ordinary(10, mark: true, horizon: true))
        self.mark(far + 1, horizon: 70, &machine, at: now)
        machine.horizonSeen(oldest: 60, at: now)
        self.scan([far + 1], &machine, at: now + .seconds(1))
        check(
            machine.next(at: now + .seconds(2)), self.ordinary(far + 1, gaps: [11...far], horizon: true),
            "the sequence has given them")
    }

    @Test("started beside an open transaction, it looks for earlier ids, and continues after the last row")
    func startedBesideOpenTransaction() {
        var machine = self.machine(batch: 3)
        check(machine.next(at: self.start), self.ordinary(rows: 3, mark: true, horizon: true))
        self.mark(5000, horizon: 50, &machine)
        let now = self.start + .milliseconds(50)
        machine.horizonSeen(oldest: 40, at: now)
        for id in [101, 102, 105] as [Int64] { check(machine.rowRead(id: id, topic: "a", octets: 10), true) }
        machine.readEnded(rows: 3, last: 105, at: now)
        machine.finished(1, octets: 10)
        check(
            machine.next(at: now), self.ordinary(105, gaps: [.min...100, 103...104], rows: 3, horizon: true),
            "reading ahead of what is deleted")
        machine.horizonSeen(oldest: 40, at: now)
        for id in [99, 3106] as [Int64] { check(machine.rowRead(id: id, topic: "a", octets: 10), true) }
        machine.readEnded(rows: 2, last: 3106, at: now)
        check(machine.next(at: now), .nothing, "a batch is under way")
        machine.finished(4, octets: 40)
        check(
            machine.next(at: now),
            self.ordinary(3106, gaps: [.min...98, 100...100, 103...104, 106...3105], rows: 3, horizon: true))
        machine.horizonSeen(oldest: 50, at: now)
        self.scan([50, 51, 103], &machine, at: now)
        check(
            machine.next(at: now), self.ordinary(3106, gaps: [104...104, 106...3105], rows: 3),
            "what is settled is there no more, as far as it was read")
        machine.readEnded(rows: 0, last: nil, at: now)
        machine.notified()
        check(machine.next(at: now), self.ordinary(5000, rows: 3))
    }

    @Test("if a gap can't be divided nothing is read before the rows in it are deleted")
    func fullOfGaps() {
        var machine = self.settled(10, batch: 1000)
        let now = self.start + .seconds(2)
        let ids = (1...Int64(ScanBound.mostGaps)).map { 10 + 4 * $0 }
        for id in ids { check(machine.rowRead(id: id, topic: "a", octets: 1), true) }
        machine.readEnded(rows: ids.count, last: ids.last, at: now)
        let gaps = ids.map { ($0 - 3)...($0 - 1) }
        let floor = 10 + 4 * Int64(ScanBound.mostGaps)
        check(machine.next(at: now), self.ordinary(floor, gaps: gaps, rows: 1000, mark: true, horizon: true))
        check(machine.rowRead(id: 12, topic: "a", octets: 1), true)
        machine.readEnded(rows: 1, last: 12, at: now)
        check(machine.next(at: now + .seconds(1)), .nothing, "12 would be found again")
        machine.finished(ids.count + 1, octets: ids.count + 1)
        check(machine.next(at: now + .seconds(1)), self.ordinary(floor, gaps: gaps, rows: 1000))
    }

    @Test("a scan from the first row that is full and has moved the bound is followed by one that begins there")
    func fullScanMovesTheBound() {
        var machine = self.settled(10, batch: 2)
        let now = self.start + .seconds(40)
        self.scan([11], &machine, at: now)
        check(machine.next(at: now + .milliseconds(300)), self.full(rows: 2, mark: true, horizon: true))
        self.mark(20, horizon: 60, &machine, at: now)
        self.scan([12, 13], &machine, at: now)
        check(machine.next(at: now + .seconds(1)), self.ordinary(13, rows: 2, horizon: true))
    }

    @Test("a row far above the assigned ids does not move the bound there")
    func putInFarAbove() {
        var machine = self.machine()
        _ = machine.next(at: self.start)
        self.scan([.max], &machine, at: self.start)
        check(machine.next(at: self.start + .seconds(1)), self.ordinary())
        self.mark(7, horizon: 50, &machine)
        machine.horizonSeen(oldest: 40, at: self.start)
        self.scan([.min, -5, 3, .max], &machine, at: self.start)
        check(
            machine.next(at: self.start + .seconds(2)),
            self.ordinary(3, gaps: [(.min + 1)...(-6), -4...2], mark: true, horizon: true))
    }

    @Test("a sequence that is set back voids the knowledge of ids, once the read rows are deleted")
    func sequenceWentBack() {
        var machine = self.settled(10)
        let now = self.start + .seconds(2)
        machine.sequenceWentBack()
        machine.readEnded(rows: 0, last: nil, at: now)
        check(machine.next(at: now), self.full(mark: true, horizon: true))
        self.scan([1, 2], &machine, at: now)
        check(machine.next(at: now + .seconds(1)), self.ordinary())
        self.mark(2, horizon: 90, &machine)
        machine.horizonSeen(oldest: 90, at: now)
        self.scan([3], &machine, at: now)
        check(machine.next(at: now + .seconds(2)), self.ordinary(2, mark: true, horizon: true))

        machine.marked(last: 5, horizon: 100, sequence: 2, at: now)
        self.scan([4], &machine, at: now)
        check(machine.next(at: now + .seconds(3)), self.full(horizon: true), "another sequence has made the mark")
    }

    @Test("a scan that takes long is followed by a longer pause, unless it was full")
    func pacing() {
        var machine = self.settled(10)
        var now = self.start + .seconds(1) + .milliseconds(50)
        self.scan([11], &machine, at: now)
        check(machine.next(at: now), .wait(until: now + .milliseconds(150)))
        now = now + .milliseconds(150)
        _ = machine.next(at: now)
        now = now + .milliseconds(50)
        self.scan(Array(12...21), &machine, at: now)
        check(machine.next(at: now), self.ordinary(21), "there is more")
        now = now + .milliseconds(50)
        check(machine.rowRead(id: 22, topic: "a", octets: 3 << 20), true)
        machine.readEnded(rows: 1, last: 22, at: now)
        machine.finished(1, octets: 3 << 20)
        check(machine.next(at: now), self.ordinary(22), "few rows, but large ones: there is more of them")
    }

    @Test("while work goes on, now and then a scan begins at the first row")
    func fullScans() {
        var machine = self.settled(10)
        let now = self.start + .seconds(40)
        self.scan([11], &machine, at: now)
        check(machine.next(at: now + .milliseconds(300)), self.full(mark: true, horizon: true))
        machine.marked(last: 11, horizon: 60, sequence: 1, at: now)
        self.scan([-7], &machine, at: now)
        check(machine.next(at: now + .seconds(1)), self.ordinary(11, horizon: true))
    }

    @Test("the transaction that stops the bound for a minute is queried, once a minute")
    func holder() {
        var machine = self.settled(10)
        let now = self.start + .seconds(1)
        self.scan([11], &machine, at: now)
        machine.notified()
        check(machine.next(at: now + .milliseconds(200)), self.ordinary(11, mark: true, horizon: true))
        self.mark(11, horizon: 70, &machine, at: now)
        machine.horizonSeen(oldest: 60, at: now)
        machine.readEnded(rows: 0, last: nil, at: now)
        check(machine.next(at: now + .seconds(59)) == .askForHolder, false)
        machine.readEnded(rows: 0, last: nil, at: now + .seconds(59))
        check(machine.next(at: now + .seconds(60)), .askForHolder)
        check(machine.next(at: now + .seconds(61)) == .askForHolder, false)
        machine.horizonSeen(oldest: 70, at: now + .seconds(61))
        machine.readEnded(rows: 0, last: nil, at: now + .seconds(61))
        check(machine.next(at: now + .minutes(5)) == .askForHolder, false)

        machine = self.machine()
        _ = machine.next(at: self.start)
        self.mark(11, horizon: 70, &machine)
        machine.horizonSeen(oldest: 60, at: self.start)
        machine.readEnded(rows: 0, last: nil, at: self.start)
        check(
            machine.next(at: self.start + .minutes(2)) == .askForHolder, false,
            "there is nothing that it could make dearer")
    }

    @Test("a held topic is tried with its first event, then read by itself, while the others go on")
    func heldTopic() {
        var machine = self.settled(10)
        var now = self.start + .seconds(2)
        check(machine.rowRead(id: 11, topic: "moody", octets: 10), true)
        machine.readEnded(rows: 1, last: 11, at: now)
        check(machine.refused(11, topic: "moody", reason: "no", octets: 10, at: now), .waits(for: .seconds(1)))
        check(machine.underWay, 0)
        now = now + .milliseconds(500)
        check(machine.next(at: now), self.ordinary(11, mark: true, horizon: true))
        check(machine.rowRead(id: 12, topic: "moody", octets: 10), false, "it was on its way")
        machine.readEnded(rows: 1, last: 12, at: now)
        now = now + .milliseconds(500)
        check(
            machine.next(at: now),
            .read(
                RelayScan(kind: .probes, behind: nil, upTo: nil, ranges: [11...11], rows: 1, sequence: nil),
                mark: false,
                horizon: false))
        check(machine.rowRead(id: 11, topic: "moody", octets: 10), true)
        machine.readEnded(rows: 1, last: 11, at: now)
        check(machine.settled(11, topic: "moody"), 0)
        machine.finished(1, octets: 10)
        now = now + .seconds(1)
        check(machine.next(at: now), self.ordinary(12), "in turn with the others")
        machine.readEnded(rows: 0, last: nil, at: now)
        let backlog = Step.read(
            RelayScan(kind: .backlog, behind: 10, upTo: 12, ranges: [], rows: 10, sequence: 1), mark: false,
            horizon: false)
        check(machine.next(at: now), backlog)
        check(machine.rowRead(id: 12, topic: "moody", octets: 10), true)
        machine.readEnded(rows: 1, last: 12, at: now)
        machine.finished(1, octets: 10)
        machine.notified()
        check(machine.next(at: now), self.ordinary(12))
        machine.readEnded(rows: 0, last: nil, at: now)
        check(machine.held.isEmpty, false)
        // The backlog ends where the others are.
        _ = machine.next(at: now)
        check(machine.held.isEmpty, true)
    }

    @Test("events under way at the end of two sessions are sent one at a time, and given up if alone at more ends")
    func suspects() {
        var machine = self.machine()
        for _ in 1...2 {
            check(machine.sendsOneAtATime, false)
            machine.stopped()
            check(machine.routerLost(underWay: [1, 2] as [Int64])?.id, nil)
            machine.started(at: self.start)
        }
        check(machine.sendsOneAtATime, true)
        check(machine.next(at: self.start), self.ordinary(rows: 1, mark: true, horizon: true))
        check(machine.settled(1, topic: "a"), 0)
        check(machine.sendsOneAtATime, true)
        for _ in 1...4 { check(machine.routerLost(underWay: [2] as [Int64])?.id, nil) }
        let given = machine.routerLost(underWay: [2] as [Int64])
        check(given?.id, 2)
        check(given?.sessions, 5)
        check(machine.sendsOneAtATime, false)
    }

    @Test("a failed scan is repeated in a second, awake: nothing is concluded from it")
    func readFailed() {
        var machine = self.machine()
        _ = machine.next(at: self.start)
        machine.readFailed(at: self.start)
        check(machine.next(at: self.start), .wait(until: self.start + .seconds(1)))
        check(machine.next(at: self.start + .seconds(1)), self.ordinary())

        machine = self.asleep()
        let now = self.start + .seconds(2)
        _ = machine.next(at: now)
        machine.readFailed(at: now)
        check(machine.isHoldingLock, true)
        check(machine.next(at: now), .unlock)
        check(machine.isHoldingLock, false)
    }

    private func asleep() -> ScanStateMachine {
        var machine = self.machine()
        _ = machine.next(at: self.start)
        machine.readEnded(rows: 0, last: nil, at: self.start)
        let now = self.start + .milliseconds(20)
        _ = machine.next(at: now)
        machine.lockAnswered(true, at: now)
        _ = machine.next(at: now)
        machine.readEnded(rows: 0, last: nil, at: now)
        return machine
    }
}

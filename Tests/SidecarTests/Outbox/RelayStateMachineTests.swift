import NIOCore
import Testing

@testable import Sidecar

@Suite("When the outbox is read, and from where")
struct RelayStateMachineTests {
    private typealias Step = RelayStateMachine.Step
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func machine(batch: Int = 10) -> RelayStateMachine {
        var machine = RelayStateMachine(batch: batch)
        machine.started(at: self.start)
        return machine
    }

    /// One scan that finds rows with these ids, all of which are published and deleted before the next.
    private func scan(_ ids: [Int64], _ machine: inout RelayStateMachine, at now: NIODeadline) {
        for id in ids { machine.rowRead(id: id, octets: 10) }
        machine.readEnded(rows: ids.count, last: ids.last ?? 0, at: now)
        machine.finished(ids.count, octets: 10 * ids.count)
    }

    @Test("nothing is done before it is started, nor after it is stopped")
    func stopped() {
        var machine = RelayStateMachine(batch: 10)
        check(machine.next(at: self.start), .nothing)
        machine.started(at: self.start)
        check(machine.next(at: self.start), .read(after: 0, mark: false, horizon: false))
        machine.stopped()
        check(machine.next(at: self.start), .nothing)
    }

    @Test("at the live edge nothing is read until what was read is deleted, and then from the old bound")
    func liveEdge() {
        var machine = self.machine()
        check(machine.next(at: self.start), .read(after: 0, mark: false, horizon: false))
        machine.rowRead(id: 7, octets: 10)
        machine.rowRead(id: 9, octets: 10)
        machine.readEnded(rows: 2, last: 9, at: self.start)
        check(machine.next(at: self.start + .seconds(1)), .nothing, "5 may appear, and 7 would be found again")
        machine.finished(2, octets: 20)
        check(machine.next(at: self.start + .seconds(1)), .read(after: 0, mark: true, horizon: true))
    }

    @Test("the bound moves to a mark only when its horizon has passed and a scan behind that has ended")
    func settledBound() {
        var machine = self.machine()
        _ = machine.next(at: self.start)
        self.scan([7, 9], &machine, at: self.start)
        var now = self.start + .milliseconds(200)
        check(machine.next(at: now), .read(after: 0, mark: true, horizon: true))
        machine.marked(last: 12, horizon: 100)
        machine.horizonSeen(oldest: 90)
        machine.readEnded(rows: 0, last: 0, at: now)
        now = now + .milliseconds(50)
        check(machine.next(at: now), .tryLock)
        machine.lockAnswered(false, at: now)
        check(machine.next(at: now), .read(after: 0, mark: false, horizon: true), "a writer of before the mark lives")
        machine.horizonSeen(oldest: 100)
        self.scan([5], &machine, at: now)
        now = now + .milliseconds(50)
        check(
            machine.next(at: now), .read(after: 5, mark: false, horizon: false),
            "no more than up to the last row that was seen")
        machine.readEnded(rows: 0, last: 0, at: now)
        machine.notified()
        check(machine.next(at: now), .read(after: 12, mark: false, horizon: false))
    }

    @Test("below the settled bound it reads ahead, up to a batch and a megabyte")
    func readsAhead() {
        var machine = self.machine(batch: 3)
        _ = machine.next(at: self.start)
        self.scan([1, 2, 3], &machine, at: self.start)
        check(machine.next(at: self.start + .seconds(1)), .read(after: 0, mark: true, horizon: true))
        machine.marked(last: 1000, horizon: 50)
        machine.horizonSeen(oldest: 51)
        for id in [4, 5, 6] as [Int64] { machine.rowRead(id: id, octets: 10) }
        machine.readEnded(rows: 3, last: 6, at: self.start)
        check(machine.next(at: self.start + .seconds(1)), .nothing, "a batch is under way")
        machine.finished(1, octets: 10)
        check(machine.next(at: self.start + .seconds(1)), .read(after: 6, mark: false, horizon: false))
        machine.rowRead(id: 7, octets: RelayStateMachine.mostOctets)
        machine.readEnded(rows: 1, last: 7, at: self.start)
        machine.finished(1, octets: 10)
        check(machine.next(at: self.start + .seconds(2)), .nothing, "too much is under way")
    }

    @Test("without rows it takes longer pauses, tries to sleep, and scans once more before it does")
    func fallsAsleep() {
        var machine = self.machine()
        var now = self.start
        _ = machine.next(at: now)
        machine.readEnded(rows: 0, last: 0, at: now)
        check(machine.next(at: now), .wait(until: now + .milliseconds(1)))
        now = now + .milliseconds(1)
        _ = machine.next(at: now)
        machine.readEnded(rows: 0, last: 0, at: now)
        check(machine.next(at: now), .wait(until: now + .milliseconds(2)))
        now = self.start + .milliseconds(20)
        check(machine.next(at: now), .tryLock)
        check(machine.next(at: now), .nothing)
        machine.lockAnswered(true, at: now)
        check(machine.isHoldingLock, true)
        check(machine.next(at: now), .read(after: 0, mark: false, horizon: false))
        machine.readEnded(rows: 0, last: 0, at: now)
        check(machine.next(at: now), .wait(until: now + .seconds(1)))
        check(machine.isHoldingLock, true)
    }

    @Test("rows that the last scan finds keep it awake")
    func lastScanFindsRows() {
        var machine = self.machine()
        _ = machine.next(at: self.start)
        machine.readEnded(rows: 0, last: 0, at: self.start)
        let now = self.start + .milliseconds(20)
        _ = machine.next(at: now)
        machine.lockAnswered(true, at: now)
        _ = machine.next(at: now)
        self.scan([3], &machine, at: now)
        check(machine.next(at: now), .unlock)
        check(machine.isHoldingLock, false)
        check(machine.next(at: now), .read(after: 0, mark: true, horizon: true))
    }

    @Test("a notification wakes it: it gives the lock back and scans, in this order, once each")
    func woken() {
        var machine = self.asleep()
        let now = self.start + .milliseconds(30)
        machine.notified()
        check(machine.next(at: now), .unlock)
        check(machine.next(at: now), .read(after: 0, mark: false, horizon: false))
        machine.readEnded(rows: 0, last: 0, at: now)
        check(machine.next(at: now), .wait(until: now + .milliseconds(1)))
    }

    @Test("the backstop scans while asleep, now and then from the first row, and wakes up for what it finds")
    func backstop() {
        var machine = self.asleep()
        var now = self.start + .seconds(2)
        check(machine.next(at: now), .read(after: 0, mark: false, horizon: false))
        machine.readEnded(rows: 0, last: 0, at: now)
        check(machine.next(at: now), .wait(until: now + .seconds(1)))
        now = now + .seconds(1)
        check(machine.next(at: now), .read(after: 0, mark: false, horizon: false))
        self.scan([4], &machine, at: now)
        check(machine.next(at: now), .unlock)
    }

    @Test("after many deletions the empty table is truncated, once")
    func truncates() {
        var machine = self.machine()
        machine.finished(RelayStateMachine.truncateAfter, octets: 0)
        machine.stopped()
        machine.started(at: self.start)
        _ = machine.next(at: self.start)
        machine.readEnded(rows: 0, last: 0, at: self.start)
        let now = self.start + .milliseconds(20)
        check(machine.next(at: now), .tryLock)
        machine.lockAnswered(true, at: now)
        _ = machine.next(at: now)
        machine.readEnded(rows: 0, last: 0, at: now)
        check(machine.next(at: now), .truncate)
        check(machine.next(at: now), .nothing)
        machine.truncated()
        check(machine.next(at: now), .wait(until: now + .seconds(1)))
    }

    @Test("rows that had to wait are read again from the first on, once nothing is under way")
    func rescan() {
        var machine = self.machine()
        _ = machine.next(at: self.start)
        machine.rowRead(id: 5, octets: 10)
        machine.rowRead(id: 6, octets: 10)
        machine.readEnded(rows: 2, last: 6, at: self.start)
        machine.putBack(octets: 10)
        machine.rescan()
        check(machine.next(at: self.start), .nothing)
        machine.finished(1, octets: 10)
        check(machine.next(at: self.start), .read(after: 0, mark: false, horizon: false))
    }

    @Test("a scan that could not be made is made again in a second, awake: nothing is concluded from it")
    func readFailed() {
        var machine = self.machine()
        _ = machine.next(at: self.start)
        machine.readFailed(at: self.start)
        check(machine.next(at: self.start), .wait(until: self.start + .seconds(1)))
        check(machine.next(at: self.start + .seconds(1)), .read(after: 0, mark: false, horizon: false))

        machine = self.asleep()
        let now = self.start + .seconds(2)
        _ = machine.next(at: now)
        machine.readFailed(at: now)
        check(machine.next(at: now), .unlock)
        check(machine.isHoldingLock, false)
    }

    private func asleep() -> RelayStateMachine {
        var machine = self.machine()
        _ = machine.next(at: self.start)
        machine.readEnded(rows: 0, last: 0, at: self.start)
        let now = self.start + .milliseconds(20)
        _ = machine.next(at: now)
        machine.lockAnswered(true, at: now)
        _ = machine.next(at: now)
        machine.readEnded(rows: 0, last: 0, at: now)
        return machine
    }
}

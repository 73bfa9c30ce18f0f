import NIOCore
import TestChecks
import Testing

@testable import Postgres

@Suite("The pool, while there is no connection")
struct PoolTests {
    private let fixture: DatabaseFixture
    private let pool: Pool
    private let lane: LaneID

    init() throws {
        self.fixture = try DatabaseFixture()
        let control = Control(environment: self.fixture.environment) { _ in }
        let limits = PoolLimits(connections: 2, pipeline: 1, queue: 3, queueTimeout: .seconds(4))
        self.pool = Pool(environment: self.fixture.environment, limits: limits, control: control) { _ in }
        self.lane = self.pool.addLane(concurrency: nil)
        self.pool.start()
    }

    private func submit(_ log: WorkLog, patience: TimeAmount = .seconds(4)) -> Work {
        let work = Work(
            lane: self.lane, command: .text("select 1", Parameters()), timeout: .seconds(1),
            expires: self.fixture.now + patience, handler: log)
        self.pool.submit(work)
        return work
    }

    @Test("work waits as long as it may, and is then refused for the right reason")
    func expiry() {
        let log = WorkLog()
        _ = self.submit(log)
        self.fixture.advance(by: .milliseconds(3900))
        check(log.outcomes, [])
        self.fixture.advance(by: .milliseconds(100))
        check(log.outcomes, [.refused(.waitedTooLong(isDatabaseAvailable: false))])
        self.fixture.advance(by: .seconds(60))
        check(log.outcomes.count, 1)
        _ = self.submit(log)
        self.fixture.advance(by: .seconds(4))
        check(log.outcomes.count, 2, "the clock runs again when something waits again")
    }

    @Test("more than the queue has room for is refused at once")
    func full() {
        let logs = (0..<4).map { _ in WorkLog() }
        for log in logs { _ = self.submit(log) }
        check(logs.map(\.outcomes), [[], [], [], [.refused(.queueIsFull)]])
    }

    @Test("unwanted work that waits is canceled, and makes room")
    func interrupted() {
        let logs = (0..<4).map { _ in WorkLog() }
        let works = logs.prefix(3).map { self.submit($0) }
        self.pool.interrupt(works[0])
        check(logs[0].outcomes, [.canceled])
        self.pool.interrupt(works[0])
        check(logs[0].outcomes, [.canceled], "once")
        self.pool.withdraw(works[1])
        check(logs[1].outcomes, [.canceled])
        _ = self.submit(logs[3])
        check(logs[3].outcomes, [])
    }

    @Test("the end refuses waiting work, and later work")
    func stop() {
        let log = WorkLog()
        _ = self.submit(log)
        let holder = Holder()
        let lease = self.pool.lease(lane: self.lane, handler: holder)
        check(lease.canSend, false)
        check(lease.othersWait, true)
        self.pool.stop()
        check(log.outcomes, [.refused(.stopping)])
        check(holder.losses, 1)
        _ = self.submit(log)
        check(log.outcomes, [.refused(.stopping), .refused(.stopping)])
        _ = self.pool.lease(lane: self.lane, handler: holder)
        check(holder.losses, 2)
        self.fixture.advance(by: .seconds(60))
        check(log.outcomes.count, 2)
    }

    @Test("with other limits what waits goes on waiting as it did, and what comes has the other ones")
    func change() {
        let logs = (0..<5).map { _ in WorkLog() }
        for log in logs.prefix(3) { _ = self.submit(log) }
        for (connections, queue) in [(1, 1), (2, 4), (1, 4)] {
            self.pool.change(
                PoolLimits(connections: connections, pipeline: 1, queue: queue, queueTimeout: .seconds(1)))
            check(self.pool.limits.connections, connections)
        }
        _ = self.submit(logs[3])
        _ = self.submit(logs[4])
        check(logs.map(\.outcomes), [[], [], [], [], [.refused(.queueIsFull)]])
        self.pool.stop()
        check(logs.prefix(4).map(\.outcomes), [[WorkOutcome]](repeating: [.refused(.stopping)], count: 4))
        self.pool.change(PoolLimits(connections: 2, pipeline: 1, queue: 4, queueTimeout: .seconds(1)))
    }

    @Test("more connections than there were to be can be wanted before the start")
    func changeBeforeStart() {
        let control = Control(environment: self.fixture.environment) { _ in }
        func limits(_ connections: Int) -> PoolLimits {
            PoolLimits(connections: connections, pipeline: 1, queue: 3, queueTimeout: .seconds(4))
        }
        let pool = Pool(environment: self.fixture.environment, limits: limits(1), control: control) { _ in }
        pool.change(limits(8))
        let log = WorkLog()
        pool.submit(
            Work(
                lane: pool.addLane(concurrency: nil), command: .text("select 1", Parameters()), timeout: .seconds(1),
                expires: self.fixture.now + .seconds(4), handler: log))
        self.fixture.advance(by: .seconds(4))
        check(log.outcomes, [.refused(.waitedTooLong(isDatabaseAvailable: false))])
        pool.stop()
    }

    @Test("a lease waits without a limit, and can be given up meanwhile")
    func lease() {
        let holder = Holder()
        let lease = self.pool.lease(lane: self.lane, handler: holder)
        self.fixture.advance(by: .seconds(600))
        check(holder.losses, 0)
        check(lease.othersWait, true)
        lease.release()
        check(lease.othersWait, false)
        self.pool.stop()
        check(holder.losses, 0)
    }

    private final class Holder: LeaseHandler {
        private(set) var losses = 0

        func granted(_ lease: Lease) {}
        func turnEnded(_ lease: Lease) {}

        func lost(_ lease: Lease, reason: String?) {
            self.losses += 1
        }
    }
}

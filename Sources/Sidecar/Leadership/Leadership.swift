import NIOCore
import Postgres
import WAMPClient

/// Sees to it that exactly one of several sidecars on a database does what must happen once. On the event loop.
///
/// The driver of ``LeadershipStateMachine``. The session that holds the lock is the one in which the outbox is emptied: who loses it has
/// nothing left to do damage with.
final class Leadership: DatabaseSessionDelegate {
    /// What is known of who leads.
    enum Role: Equatable {
        /// Nothing yet, or no more.
        case unknown
        /// This sidecar does.
        case leader
        /// Another one does.
        case standby(LeaderHolder)
    }

    private static let tick = TimeAmount.seconds(1)

    private let lock: (Int32, Int32)
    private let eventLoop: any EventLoop
    private unowned let owner: any LeadershipOwner
    private let environment: DatabaseEnvironment
    private lazy var session = DatabaseSession(part: .leader, environment: self.environment, delegate: self)
    private var statements = LeadershipStatements(schema: nil)
    private var machine = LeadershipStateMachine()
    private var timer: Scheduled<Void>?
    /// Who held the lock when it was last asked.
    private var lastHolder: LeaderHolder?
    /// Since when the holder has been seen without a stamp.
    private var unstampedSince: NIODeadline?

    /// What is known of who leads.
    private(set) var role = Role.unknown

    /// - Parameters:
    ///   - lock: the advisory lock that the leader holds.
    ///   - owner: outlives it.
    init(
        environment: DatabaseEnvironment, lock: (Int32, Int32), eventLoop: any EventLoop, owner: any LeadershipOwner
    ) {
        self.lock = lock
        self.eventLoop = eventLoop
        self.owner = owner
        self.environment = environment
    }

    /// Connects, and leads as soon as nobody else does and a router is joined.
    func start() {
        self.session.start()
        self.schedule()
    }

    /// Hands the leadership over: with the session the lock is free.
    func stop() {
        self.timer?.cancel()
        if self.machine.stop() { self.ended() }
        self.session.stop()
    }

    func joined() {
        self.run(self.machine.joined())
    }

    func left() {
        self.machine.left(at: .now())
    }

    /// Lets another sidecar lead, if one does within that time.
    func giveWay(for time: TimeAmount) {
        self.run(self.machine.giveWay(until: .now() + time))
    }

    /// The interface in the new session has been looked at: it can be used, or `schema` is nil.
    func sessionIsKnown(schema: String?) {
        self.statements = LeadershipStatements(schema: schema)
        self.run(self.machine.sessionOpened())
    }

    /// What is known of the database is not enough, or no longer true: a new session is begun, and asked again.
    func begin(anew reason: String) {
        self.session.abandon(reason)
    }

    // MARK: - What the machine says

    private func run(_ action: LeadershipStateMachine.Action) {
        switch action {
        case .none: break
        case .tryLock: self.tryLock()
        case .readHolder: self.readHolder()
        case .terminate(let pid): self.terminate(pid)
        case .lead: self.lead()
        case .stamp: self.stamp()
        case .release: self.release()
        }
    }

    private func tryLock() {
        self.query(self.statements.tryLock, self.key()) { rows in
            self.run(self.machine.lockAnswered(rows.values.first?.first == "t", at: .now()))
        }
    }

    private func readHolder() {
        self.query(self.statements.holder, self.key()) { rows in
            let holder = rows.values.first.flatMap { LeaderHolder($0) }
            let age = holder.flatMap { self.age(of: $0) }
            if let holder { self.follow(holder) }
            self.run(self.machine.holderSeen(pid: holder?.pid, age: age))
        }
    }

    /// How long the holder has given no sign of life. One that got the lock and stopped before its first stamp is as old as it has been seen.
    private func age(of holder: LeaderHolder) -> Double? {
        guard self.statements.stamp != nil, holder.age == nil else {
            self.unstampedSince = nil
            return holder.age
        }
        guard let since = self.unstampedSince, self.lastHolder?.pid == holder.pid else {
            self.unstampedSince = .now()
            return nil
        }
        return Double((.now() - since).nanoseconds) / 1e9
    }

    private func follow(_ holder: LeaderHolder) {
        let isNew = self.lastHolder?.pid != holder.pid || self.role == .unknown
        self.lastHolder = holder
        self.role = .standby(holder)
        if isNew { self.owner.roleChanged(self.role) }
    }

    private func terminate(_ pid: Int32) {
        var values = self.key()
        values.append("\(pid)")
        self.query(self.statements.terminate, values) { rows in
            guard rows.values.first?.first == "t" else { return }
            self.owner.leaderTerminated(pid)
        }
    }

    private func lead() {
        self.role = .leader
        self.stamp()
        self.owner.startedLeading(self.session)
        self.owner.roleChanged(self.role)
    }

    private func stamp() {
        guard let stamp = self.statements.stamp else { return }
        self.query(stamp, Parameters()) { _ in }
    }

    private func release() {
        self.ended()
        self.owner.leadershipGivenUp()
        self.query(self.statements.unlock, self.key()) { _ in }
    }

    private func ended() {
        guard self.role == .leader else { return }
        self.role = .unknown
        self.owner.stoppedLeading()
        self.owner.roleChanged(self.role)
    }

    private func key() -> Parameters {
        var values = Parameters()
        values.append("\(self.lock.0)")
        values.append("\(self.lock.1)")
        return values
    }

    /// None of these can fail in a session that is sound.
    private func query(_ statement: Statement, _ values: Parameters, completion: @escaping (Rows) -> Void) {
        self.session.query(statement, values) { result in
            switch result {
            case .success(let rows): completion(rows)
            case .failure(.server(let error)):
                self.session.abandon("the leader's session could not go on: \(error.description)")
            case .failure(.unavailable): break
            }
        }
    }

    private func schedule() {
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.tick) {
            self.schedule()
            self.run(self.machine.ticked(at: .now()))
        }
    }

    // MARK: - The session

    func connected(_ session: DatabaseSession, backend: Int32, serverVersion: Int32) {
        self.owner.leaderSessionOpened(backend: backend, serverVersion: serverVersion)
    }

    func connectFailed(_ session: DatabaseSession, _ failure: ConnectFailure) {
        self.owner.leaderSessionFailed(failure)
    }

    func lost(_ session: DatabaseSession, reason: String?) {
        if self.machine.sessionLost() { self.ended() }
        self.owner.leaderSessionLost(reason)
    }

    func notified(_ session: DatabaseSession, channel: String) {
        guard self.machine.isLeading else { return }
        self.owner.leaderNotified(channel: channel)
    }
}

/// Who is told of leading. On the event loop.
protocol LeadershipOwner: AnyObject {
    /// A new session for leading: the SQL interface has to be looked at, then `Leadership.sessionIsKnown` called.
    func leaderSessionOpened(backend: Int32, serverVersion: Int32)
    func leaderSessionFailed(_ failure: ConnectFailure)
    /// The session is gone; `reason` is nil if it was replaced on purpose.
    func leaderSessionLost(_ reason: String?)
    /// This sidecar leads, by this session, until ``stoppedLeading()``.
    func startedLeading(_ session: DatabaseSession)
    func stoppedLeading()
    func roleChanged(_ role: Leadership.Role)
    /// The lock was given back, for want of a router: who leads next is not this sidecar's to decide.
    func leadershipGivenUp()
    /// The former leader did not stamp any more; its session was ended.
    func leaderTerminated(_ pid: Int32)
    func leaderNotified(channel: String)
}

package import NIOCore
package import Postgres

/// Ensures that exactly one of several sidecars on a database does the work that must happen once. On the event loop.
///
/// The driver of ``LeadershipStateMachine``. The session with the lease also empties the outbox: a sidecar that loses
/// this session can do no harm any more.
package final class Leadership: DatabaseSessionDelegate {
    private static let tick = TimeAmount.seconds(1)

    /// The schema of the SQL interface, as an identifier.
    private let schema: String
    /// The former lock of leaders. Its second key distinguishes the SQL interfaces of one database, and is the first
    /// key of marks.
    private let lock: (Int32, Int32)
    private let eventLoop: any EventLoop
    private let observer: (OutboxEvent) -> Void
    private unowned let owner: any LeadershipOwner
    private let makeSession: (any DatabaseSessionDelegate) -> any OwnedLeaderSession
    private lazy var session = self.makeSession(self)
    private var statements = LeadershipStatements(schema: nil)
    private var machine = LeadershipStateMachine()
    private var timer: Scheduled<Void>?
    /// The process id of the session's backend.
    private var backend: Int32 = 0
    /// The id by which the lease knows this process, as long as it runs.
    private let token = Leadership.makeToken()

    /// - Parameters:
    ///   - schema: the schema of the SQL interface, as an identifier.
    ///   - lock: the former lock of leaders.
    ///   - preparation: runs in each new session before it is used.
    ///   - owner: outlives it.
    package convenience init(
        environment: DatabaseEnvironment, schema: String, lock: (Int32, Int32), eventLoop: any EventLoop,
        preparation: @escaping DatabaseSession.Preparation, observer: @escaping (OutboxEvent) -> Void,
        owner: any LeadershipOwner
    ) {
        self.init(schema: schema, lock: lock, eventLoop: eventLoop, observer: observer, owner: owner) {
            DatabaseSession(part: .leader, environment: environment, delegate: $0, preparation: preparation)
        }
    }

    /// - Parameter makeSession: the session holds its delegate weakly.
    init(
        schema: String, lock: (Int32, Int32), eventLoop: any EventLoop, observer: @escaping (OutboxEvent) -> Void,
        owner: any LeadershipOwner,
        makeSession: @escaping (any DatabaseSessionDelegate) -> any OwnedLeaderSession
    ) {
        self.schema = schema
        self.lock = lock
        self.eventLoop = eventLoop
        self.observer = observer
        self.owner = owner
        self.makeSession = makeSession
    }

    /// The known leader.
    package var role: Role { self.machine.role }
    /// Whether other sidecars stood by at the last check.
    package var hasStandbys: Bool { self.machine.hasStandbys }

    /// Whether there is a session for leading.
    package var isConnected: Bool { self.session.isConnected }

    /// How long ago the leader's last sign of life was sent that the database has taken; nil: this is not the leader.
    package var stampAge: TimeAmount? { self.machine.stampAge(at: self.eventLoop.now) }

    /// Connects, and leads as soon as no other sidecar does and a router is joined.
    package func start() {
        self.session.start()
        self.schedule()
    }

    /// Hands the leadership over: closing the session frees the lease.
    package func stop() {
        self.timer?.cancel()
        switch self.machine.stop() {
        case .nothing: break
        case .handOver: self.handOver()
        }
        self.session.stop()
    }

    package func joined() {
        self.run(self.machine.joined())
    }

    package func left() {
        self.machine.left(at: self.eventLoop.now)
    }

    /// Lets another sidecar lead, if one does within that time.
    package func giveWay(for time: TimeAmount) {
        switch self.machine.giveWay(until: self.eventLoop.now + time) {
        case .nothing: break
        case .release(let release): self.run(release)
        }
    }

    /// Whether the SQL interface found in the new session can be used.
    package func sessionIsKnown(isInstalled: Bool) {
        self.statements = LeadershipStatements(schema: isInstalled ? self.schema : nil)
        self.lookForStrangers()
        self.run(self.machine.sessionOpened(backend: self.backend, hasLease: isInstalled))
    }

    /// The knowledge of the database is insufficient or outdated: a new session begins, and is queried again.
    package func beginAgain(_ reason: String) {
        self.session.abandon(reason, isHung: false)
    }

    // MARK: - Requesting the lease

    private func run(_ action: LeadershipStateMachine.AskAction) {
        switch action {
        case .nothing: break
        case .look: self.look()
        }
    }

    private func look() {
        self.query(self.statements.marked, self.values(self.lock.1)) { rows in
            let holder = rows.values.first.flatMap { LeaderHolder($0) }
            switch self.machine.looked(holder, key: .random(in: .min ... .max), at: self.eventLoop.now) {
            case .nothing: break
            case .mark(let key): self.mark(key)
            case .follow(let following): self.run(following)
            }
        }
    }

    private func mark(_ key: Int32) {
        self.query(self.statements.mark, self.values(self.lock.1, key)) { rows in
            switch self.machine.marked(rows.values.first?.first == "t", at: self.eventLoop.now) {
            case .nothing: break
            case .lookAgain: self.lookAgain()
            case .follow(let following): self.run(following)
            }
        }
    }

    private func lookAgain() {
        let sent = self.eventLoop.now
        self.query(self.statements.marked, self.values(self.lock.1)) { rows in
            let holder = rows.values.first.flatMap { LeaderHolder($0) }
            switch self.machine.lookedAgain(holder, sentAt: sent) {
            case .nothing: break
            case .takeLease: self.takeLease()
            case .settle(let action): self.run(action)
            }
        }
    }

    private func takeLease() {
        guard let take = self.statements.take else { return }
        var values = Parameters()
        values.append(self.token)
        let sent = self.eventLoop.now
        self.query(take, values) { rows in
            let answer = LeadershipStateMachine.LeaseAnswer(rows)
            self.run(self.machine.leaseAnswered(answer, sentAt: sent))
        }
    }

    private func run(_ action: LeadershipStateMachine.LeaseAction) {
        switch action {
        case .nothing: break
        case .lead: self.lead()
        case .release(let release): self.run(release)
        case .follow(let following): self.run(following)
        }
    }

    private func run(_ following: LeadershipStateMachine.Following) {
        if let key = following.unmarks { self.unmark(key) }
        if let holder = following.standby {
            self.observer(.standby(holder))
            self.owner.roleChanged(self.role)
        }
        if let pid = following.terminates { self.terminate(pid) }
    }

    private func unmark(_ key: Int32) {
        self.query(self.statements.unmark, self.values(self.lock.1, key)) { _ in }
    }

    private func terminate(_ pid: Int32) {
        self.query(self.statements.terminate, self.values(self.lock.1, pid)) { rows in
            guard rows.values.first?.first == "t", self.machine.asked(toEnd: pid) else { return }
            self.observer(.leaderTerminated(backend: pid))
        }
    }

    // MARK: - Leading

    private func lead() {
        self.owner.startedLeading(self.session)
        self.observer(.leading)
        self.reportProof()
        self.owner.roleChanged(self.role)
        self.stamp()
    }

    private func stamp() {
        let sent = self.eventLoop.now
        self.query(self.statements.stamp, Parameters()) { rows in
            let row = rows.values.first.flatMap { $0.count == 2 ? $0 : nil }
            switch self.machine.stamped(isOurs: row?[0] == "t", othersWait: row?[1] == "t", sentAt: sent) {
            case .nothing: self.reportProof()
            case .abandon: self.session.abandon("another sidecar was given the lease", isHung: false)
            }
        }
        self.lookForStrangers()
    }

    private func reportProof() {
        guard let end = self.machine.provenUntil else { return }
        self.owner.leaseProven(until: end)
    }

    private func run(_ release: LeadershipStateMachine.Release) {
        if release.handsOver { self.handOver() }
        if let statement = self.statements.release { self.query(statement, Parameters()) { _ in } }
        self.unmark(release.mark)
    }

    private func handOver() {
        self.owner.stoppedLeading()
        self.owner.leadershipGivenUp()
    }

    private func lookForStrangers() {
        guard self.machine.looksForStrangers(at: self.eventLoop.now) else { return }
        self.query(LeadershipStatements.strangers, self.values(self.lock.0, self.lock.1)) { rows in
            let strangers = rows.values.compactMap { Stranger($0) }
            let all = rows.values.first.flatMap { $0.last ?? nil }.flatMap { Int($0) } ?? 0
            for stranger in self.machine.found(strangers) {
                self.observer(.leaderLockTaken(stranger, others: max(all - strangers.count, 0)))
            }
        }
    }

    private func schedule() {
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.tick) {
            self.schedule()
            switch self.machine.ticked(isHeld: self.session.isHeld, at: self.eventLoop.now) {
            case .nothing: break
            case .look: self.look()
            case .stamp: self.stamp()
            case .release(let release): self.run(release)
            case .abandon:
                self.session.abandon("the database has not answered the leader for too long", isHung: true)
            }
            if self.session.isHeld { self.reportProof() }
        }
    }

    // MARK: - The session

    private func values(_ numbers: Int32...) -> Parameters {
        var values = Parameters()
        for number in numbers { values.append("\(number)") }
        return values
    }

    private static func makeToken() -> String {
        (0..<4).map { _ in
            let digits = String(UInt32.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 8 - digits.utf8.count) + digits
        }.joined()
    }

    /// None of these can fail in a sound session.
    private func query(_ statement: Statement, _ values: Parameters, completion: @escaping (Rows) -> Void) {
        self.session.query(statement, values) { result in
            switch result {
            case .success(let rows): completion(rows)
            case .failure(.server(let error)):
                self.session.abandon("the leader's session can't continue: \(error.description)", isHung: false)
            case .failure(.unavailable): break
            }
        }
    }

    package func connected(_ session: DatabaseSession, backend: Int32, serverVersion: Int32) {
        self.backend = backend
        self.owner.leaderSessionOpened(backend: backend, serverVersion: serverVersion)
    }

    package func connectFailed(_ session: DatabaseSession, _ failure: ConnectFailure) {
        self.owner.leaderSessionFailed(failure)
    }

    package func lost(_ session: DatabaseSession, reason: String?) {
        switch self.machine.sessionLost(at: self.eventLoop.now) {
        case .nothing: break
        case .leadIsLost:
            self.owner.stoppedLeading()
            self.owner.roleChanged(self.role)
        }
        self.owner.leaderSessionLost(reason)
    }

    package func notified(_ session: DatabaseSession, channel: String) {
        guard self.machine.isLeading else { return }
        self.owner.leaderNotified(channel: channel)
    }
}

extension LeadershipStateMachine.LeaseAnswer {
    /// Takes the answer of ``LeadershipStatements/take``.
    fileprivate init(_ rows: Rows) {
        guard let row = rows.values.first, row.count == 7, row[0] == "t" else {
            self = .held(rows.values.first.flatMap { LeaderHolder($0.dropFirst(2)) })
            return
        }
        self = .taken(continued: row[1] == "t")
    }
}

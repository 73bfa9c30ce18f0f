import NIOConcurrencyHelpers
import NIOCore
import Postgres
import SQLInterface
import WAMPClient

/// Sees to it that exactly one of several sidecars on a database does what must happen once. On the event loop.
///
/// The driver of ``LeadershipStateMachine``. The session that has the lease is the one in which the outbox is emptied: who loses it has
/// nothing left to do damage with.
final class Leadership: DatabaseSessionDelegate {
    typealias Look = @Sendable (borrowing ScriptConnection) throws -> SelfInstallation.Outcome

    /// What is known of who leads.
    enum Role: Equatable {
        /// Nothing yet, or no more.
        case unknown
        /// This sidecar does. Unless the lead is `continued`, another may have had it since this one did.
        case leader(continued: Bool)
        /// Another one does.
        case standby(LeaderHolder)
    }

    private static let tick = TimeAmount.seconds(1)
    /// How often it is looked whether somebody else locks what used to be the leader's lock.
    private static let strangerInterval = TimeAmount.seconds(60)

    /// Where the SQL interface is, as an identifier.
    private let schema: String
    private let keys: SchemaKeys
    private let eventLoop: any EventLoop
    private unowned let owner: any LeadershipOwner
    private let environment: DatabaseEnvironment
    private let look: Look
    /// What the last look at the interface found.
    private let found = NIOLockedValueBox<SelfInstallation.Outcome?>(nil)
    private lazy var session = self.makeSession()
    private var statements = LeadershipStatements(schema: nil)
    private var machine = LeadershipStateMachine()
    private var timer: Scheduled<Void>?
    /// What the lease knows this process by, for as long as it runs.
    private let token = Leadership.makeToken()
    /// Who led when it was last asked.
    private var lastHolder: LeaderHolder?
    /// Since when the holder has been seen without a stamp.
    private var unstampedSince: NIODeadline?
    /// The second key of the mark that this session bears.
    private var markKey: Int32 = 0
    private var lastLookForStrangers: NIODeadline = .distantPast
    private var strangers: Set<Stranger> = []

    /// What is known of who leads.
    private(set) var role = Role.unknown
    /// Whether others stood by when that was last looked at.
    private(set) var hasStandbys = false

    /// - Parameters:
    ///   - schema: where the SQL interface is, as an identifier.
    ///   - look: looks at the SQL interface, in each new session: so that takes no connection of its own, and no other server than leading does.
    ///   - owner: outlives it.
    init(
        environment: DatabaseEnvironment, schema: String, keys: SchemaKeys, eventLoop: any EventLoop,
        look: @escaping Look, owner: any LeadershipOwner
    ) {
        self.schema = schema
        self.look = look
        self.keys = keys
        self.eventLoop = eventLoop
        self.owner = owner
        self.environment = environment
    }

    /// Connects, and leads as soon as nobody else does and a router is joined.
    func start() {
        self.session.start()
        self.schedule()
    }

    /// Hands the leadership over: with the session the lease is free.
    func stop() {
        self.timer?.cancel()
        if self.machine.stop() { self.handOver() }
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

    private func makeSession() -> DatabaseSession {
        let (look, found) = (self.look, self.found)
        return DatabaseSession(part: .leader, environment: self.environment, delegate: self) { connection in
            do {
                let outcome = try look(connection)
                found.withLockedValue { $0 = outcome }
            } catch {
                throw ConnectFailure("the SQL interface could not be looked at: \(error)")
            }
        }
    }

    /// Whether the SQL interface that was found in the new session can be used.
    func sessionIsKnown(isInstalled: Bool) {
        self.statements = LeadershipStatements(schema: isInstalled ? self.schema : nil)
        self.lookForStrangers()
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
        case .take: self.take()
        case .terminate(let pid): self.terminate(pid)
        case .lead: break
        case .stamp: self.stamp()
        case .release: self.release()
        case .abandon:
            self.session.abandon("the database has not answered the leader for too long", isHung: true)
        }
    }

    /// First of all it is looked whether another session bears a mark: that is all that who stands by asks each second.
    private func take() {
        self.query(self.statements.marked, self.values(self.markClass)) { rows in
            if let holder = rows.values.first.flatMap({ LeaderHolder($0) }) { return self.isHeld(by: holder) }
            self.mark()
        }
    }

    /// Two may come here at once. Each looks again when it bears its mark, so at least one of them sees the other.
    private func mark() {
        self.markKey = .random(in: .min ... .max)
        self.query(self.statements.mark, self.values(self.markClass, self.markKey)) { rows in
            guard rows.values.first?.first == "t" else { return self.isHeld(by: nil) }
            self.query(self.statements.marked, self.values(self.markClass)) { rows in
                guard let holder = rows.values.first.flatMap({ LeaderHolder($0) }) else { return self.takeLease() }
                self.unmark()
                self.isHeld(by: holder)
            }
        }
    }

    private func unmark() {
        self.query(self.statements.unmark, self.values(self.markClass, self.markKey)) { _ in }
    }

    private func takeLease() {
        // Without a lease there is no telling whether another has led, but nobody may have stood by.
        guard let take = self.statements.take else { return self.taken(continued: !self.hasStandbys) }
        var values = Parameters()
        values.append(self.token)
        self.query(take, values) { rows in
            guard let row = rows.values.first, row.count == 7, row[0] == "t" else {
                self.unmark()
                return self.isHeld(by: rows.values.first.flatMap { LeaderHolder($0.dropFirst(2)) })
            }
            self.taken(continued: row[1] == "t")
        }
    }

    private func taken(continued: Bool) {
        let action = self.machine.answered(.taken, at: .now())
        guard action == .lead else { return self.run(action) }
        self.role = .leader(continued: continued)
        self.owner.startedLeading(self.session)
        self.owner.roleChanged(self.role)
        self.stamp()
    }

    private func isHeld(by holder: LeaderHolder?) {
        let age = holder.flatMap { self.age(of: $0) }
        if let holder { self.follow(holder) }
        self.run(self.machine.answered(.held(by: holder?.pid, age: age), at: .now()))
    }

    /// How long the holder has given no sign of life. One that stopped before its first stamp is as old as it has been seen.
    private func age(of holder: LeaderHolder) -> Double? {
        guard self.statements.take != nil, holder.age == nil else {
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
        self.query(self.statements.terminate, self.values(self.markClass, pid)) { rows in
            guard rows.values.first?.first == "t" else { return }
            self.owner.leaderTerminated(pid)
        }
    }

    private func stamp() {
        let sent = NIODeadline.now()
        self.query(self.statements.stamp, Parameters()) { rows in
            guard let row = rows.values.first, row.count == 2, row[0] == "t" else {
                return self.session.abandon("another sidecar was given the lease")
            }
            self.hasStandbys = row[1] == "t"
            self.machine.stamped(sentAt: sent)
        }
        self.lookForStrangers()
    }

    private func release() {
        self.handOver()
        if let release = self.statements.release { self.query(release, Parameters()) { _ in } }
        self.unmark()
    }

    /// Leading ends on purpose.
    private func handOver() {
        guard case .leader = self.role else { return }
        self.role = .unknown
        self.owner.stoppedLeading()
        self.owner.leadershipGivenUp()
    }

    private func ended() {
        guard case .leader = self.role else { return }
        self.role = .unknown
        self.owner.stoppedLeading()
        self.owner.roleChanged(self.role)
    }

    /// Anybody can lock what used to be the leader's lock. It costs nothing, but somebody means something by it.
    private func lookForStrangers() {
        guard .now() - self.lastLookForStrangers >= Self.strangerInterval else { return }
        self.lastLookForStrangers = .now()
        self.query(
            LeadershipStatements.strangers, self.values(self.keys.leaderLock.0, self.keys.leaderLock.1)
        ) { rows in
            let found = rows.values.compactMap { Stranger($0) }
            for stranger in found where !self.strangers.contains(stranger) { self.owner.leaderLockTaken(by: stranger) }
            self.strangers = Set(found)
        }
    }

    /// The first key of marks: it tells the SQL interfaces of one database apart.
    private var markClass: Int32 { self.keys.leaderLock.1 }

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
            let now = NIODeadline.now()
            // What the router does not take is not read of the database either: that is not the database's silence.
            if self.session.isHeld { self.machine.stamped(sentAt: now) }
            self.run(self.machine.ticked(at: now))
        }
    }

    // MARK: - The session

    func connected(_ session: DatabaseSession, backend: Int32, serverVersion: Int32) {
        guard let outcome = self.found.withLockedValue({ $0 }) else { return }
        self.owner.leaderSessionOpened(backend: backend, serverVersion: serverVersion, interface: outcome)
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
    /// A new session for leading, and what the SQL interface is in it: `Leadership.sessionIsKnown` has to be called.
    func leaderSessionOpened(backend: Int32, serverVersion: Int32, interface: SelfInstallation.Outcome)
    func leaderSessionFailed(_ failure: ConnectFailure)
    /// The session is gone; `reason` is nil if it was replaced on purpose.
    func leaderSessionLost(_ reason: String?)
    /// This sidecar leads, by this session, until ``stoppedLeading()``.
    func startedLeading(_ session: DatabaseSession)
    func stoppedLeading()
    func roleChanged(_ role: Leadership.Role)
    /// The lease was given back, for want of a router or because the process ends: who leads next is not this sidecar's to decide.
    func leadershipGivenUp()
    /// A session of another role holds, or waits for, what used to be the leader's lock.
    func leaderLockTaken(by stranger: Stranger)
    /// The former leader did not stamp any more; its session was ended.
    func leaderTerminated(_ pid: Int32)
    func leaderNotified(channel: String)
}

internal import CLibpq
internal import DequeModule
import Glibc
import NIOCore

/// One connection to the database, in pipeline mode, on the event loop.
///
/// It sends what its owner gives it, hands over rows as they come, and says how each unit of work ended. It decides nothing: which work goes
/// where is the ``PoolStateMachine``'s, when to connect again the ``ConnectionKeeper``'s.
final class Connection: WatcherHandler {
    private enum State {
        case open
        case closed
    }

    private struct InFlight {
        /// Nil for what puts the session in order.
        let work: Work?
        let sentAt: NIODeadline
        var error: DatabaseError?
        var affectedRows: Int?
    }

    /// A message of this size, in octets, makes libpq's buffers grow for good.
    private static let greatestMessage = 1 << 20
    /// More prepared statements than this are a sign of a leak in what uses them: the connection is given up.
    private static let mostStatements = 1000

    private let handle: ConnectionHandle
    private let descriptor: Int32
    private let watcher: Watcher
    private let isReplaceable: Bool
    private unowned let owner: any ConnectionOwner
    private var token: Watcher.Token = 0
    private var state = State.open
    private var machine = PipelineStateMachine()
    private var inFlight = Deque<InFlight>()
    private var prepared: Set<Statement> = []
    /// Those of them whose PREPARE has not been answered.
    private var preparing: Set<Statement> = []
    /// Those of `preparing` that will not be used again.
    private var leaving: Set<Statement> = []
    private var retired: [Statement] = []
    private var isArmedForWriting = false
    private var needsFlush = false
    /// No more is read until ``resume()``: the router can't take what would come of it.
    private var isPaused = false
    /// What runs is of no use any more: it is read to its end, paused or not.
    private var isDraining = false
    private var isReceiving = false
    /// What has come since something of it was complete; libpq holds it. Nil if all was.
    private var incomplete: Int?
    /// Reading was allowed again from within ``receive()``.
    private var isToReadOn = false

    /// The process id of the backend: what `pg_cancel_backend` takes.
    let backend: Int32
    /// When the segment that runs now became the first: the ones ahead of it have ended.
    private(set) var headSince: NIODeadline = .now()
    /// A large message has made its buffers grow.
    private(set) var hasGrown = false
    /// Something may have been left behind in the session: it is put in order ahead of what is sent next.
    private(set) var needsReset = false
    /// What the follower needs set is under way.
    private var isSetting = false
    /// What is sent as soon as the session has been put in order.
    private var follower: Work?
    private var resets = 0
    private var reported: ReportedSettings
    /// Nothing more should be sent; it is closed as soon as what runs has ended.
    private(set) var isRetiring = false

    /// Starts watching the connection.
    init(
        _ handle: ConnectionHandle, part: ConnectionSettings.Part, watcher: Watcher, owner: any ConnectionOwner
    ) throws(WatcherError) {
        self.handle = handle
        self.isReplaceable = part.isReplaceable
        self.descriptor = handle.descriptor
        self.watcher = watcher
        self.owner = owner
        self.backend = handle.backend
        self.reported = ReportedSettings(of: handle)
        self.token = try watcher.add(self.descriptor, writable: false, handler: self)
    }

    /// The backend that goes on running though the connection was given up: it did not answer.
    private(set) var hungBackend: BackendIdentity?

    /// Which server it is to, as far as that is known.
    var server: ServerIdentity? { self.handle.server }

    /// For example 150018.
    var serverVersion: Int32 { self.handle.serverVersion }

    /// Whether nothing is read.
    var isHeld: Bool { self.isPaused && !self.isDraining }

    /// The number of units of work that were sent and have not ended.
    var depth: Int { self.inFlight.count }

    /// The work that the server is running, if any.
    var head: Work? { self.inFlight.first?.work }

    /// The first work that has not ended, whether the server is running it or something ahead of it.
    var first: Work? { self.inFlight.lazy.compactMap(\.work).first ?? self.follower }

    /// The statement will not be used again: the server is told with the next work.
    func retire(_ statement: Statement) {
        if self.preparing.contains(statement) {
            // If its PREPARE fails there is nothing to give back, and DEALLOCATE would fail the work that it stands in front of.
            self.leaving.insert(statement)
        } else if self.prepared.remove(statement) != nil {
            self.retired.append(statement)
        }
    }

    // MARK: - Sending

    /// Sends a unit of work and its Sync.
    ///
    /// - Returns: false if nothing of it can have been run: the connection is broken, and the owner is told so in this same call.
    func send(_ work: Work, now: NIODeadline) -> Bool {
        guard self.isNotClosed else { return false }
        guard let commands = self.sendCommands(of: work), self.sync() else {
            self.lose(self.handle.errorText)
            return false
        }
        self.machine.sent(commands)
        if self.inFlight.isEmpty { self.headSince = now }
        self.inFlight.append(InFlight(work: work, sentAt: now))
        work.state = .sent(to: self, at: now)
        if self.inFlight.count == 1 { self.enterSingleRowMode() }
        if work.isDisposable || self.prepared.count > Self.mostStatements { self.isRetiring = true }
        return true
    }

    /// Puts the session in order, behind what was sent before. If that fails the connection is closed when all has ended.
    func reset(_ session: CleanSession) {
        guard self.isNotClosed, self.resets == 0 else { return }
        self.needsReset = false
        for text in session.reset {
            guard self.run(text, Parameters()) else { return self.lose(self.handle.errorText) }
        }
        guard self.sync() else { return self.lose(self.handle.errorText) }
        self.machine.sent([PipelineStateMachine.Command](repeating: .prelude, count: session.reset.count))
        if self.inFlight.isEmpty { self.headSince = .now() }
        self.inFlight.append(InFlight(work: nil, sentAt: .now()))
        self.resets += 1
    }

    /// Puts the session in order, and sends the work when that has succeeded. Only for an idle connection.
    ///
    /// - Returns: as ``send(_:now:)``. If the session can't be put in order the owner is told by ``ConnectionOwner/notSent(_:)``.
    func send(_ work: Work, afterReset session: CleanSession, now: NIODeadline) -> Bool {
        self.reset(session)
        guard self.isNotClosed else { return false }
        self.follower = work
        work.state = .sent(to: self, at: now)
        return true
    }

    /// Sends all of a segment but its Sync.
    ///
    /// - Returns: the commands that were sent, in order; nil if the connection is broken.
    private func sendCommands(of work: Work) -> [PipelineStateMachine.Command]? {
        if self.retired.isEmpty, !work.isExplicitTransaction,
            case .prepared(let statement, let parameters) = work.command,
            self.prepared.contains(statement)
        {
            guard let (settings, values) = work.prelude else {
                return self.run(statement, parameters) ? PipelineStateMachine.main : nil
            }
            if self.prepared.contains(settings) {
                guard self.run(settings, values), self.run(statement, parameters) else { return nil }
                return PipelineStateMachine.preludeAndMain
            }
        }
        return self.sendSeldomCommands(of: work)
    }

    /// The same, with whatever has to be prepared, given back or begun on the way. The command is prepared behind the prelude, because whether
    /// its names may be used depends on the role that the prelude sets.
    private func sendSeldomCommands(of work: Work) -> [PipelineStateMachine.Command]? {
        var commands: [PipelineStateMachine.Command] = []
        // Behind another statement, without a Sync in between, newer servers don't let CALL commit.
        if work.settings == nil, work.isRepeatable {
            for statement in self.retired {
                guard self.run("deallocate \(statement.name)", Parameters()) else { return nil }
                commands.append(.deallocate)
            }
            self.retired.removeAll()
        }
        if work.isExplicitTransaction {
            guard self.run("begin", Parameters()) else { return nil }
            commands.append(.begin)
        }
        if let (settings, values) = work.prelude {
            guard self.prepare(settings, &commands), self.run(settings, values) else { return nil }
            commands.append(.prelude)
        }
        switch work.command {
        case .prepared(let statement, let parameters):
            guard self.prepare(statement, &commands), self.run(statement, parameters) else { return nil }
            commands.append(.main)
        case .text(let text, let parameters):
            guard self.run(text, parameters) else { return nil }
            commands.append(.main)
        case .describe(let text):
            guard unsafe PQsendPrepare(self.handle.pointer, "", text, 0, nil) == 1,
                unsafe PQsendDescribePrepared(self.handle.pointer, "") == 1
            else { return nil }
            commands += [.parse, .describe]
        }
        if work.isExplicitTransaction {
            guard self.run("commit", Parameters()) else { return nil }
            commands.append(.commit)
        }
        return commands
    }

    private func prepare(_ statement: Statement, _ commands: inout [PipelineStateMachine.Command]) -> Bool {
        guard self.prepared.insert(statement).inserted else { return true }
        self.preparing.insert(statement)
        commands.append(.prepare(statement))
        return unsafe PQsendPrepare(self.handle.pointer, statement.name, statement.text, 0, nil) == 1
    }

    private func run(_ statement: Statement, _ parameters: Parameters) -> Bool {
        if parameters.byteCount > Self.greatestMessage { self.grew() }
        return unsafe parameters.withValues { values, _ in
            unsafe PQsendQueryPrepared(
                self.handle.pointer, statement.name, Int32(clamping: values.count), values.baseAddress, nil, nil, 0)
                == 1
        }
    }

    private func run(_ text: String, _ parameters: Parameters) -> Bool {
        if parameters.byteCount > Self.greatestMessage { self.grew() }
        return unsafe parameters.withValues { values, _ in
            unsafe PQsendQueryParams(
                self.handle.pointer, text, Int32(clamping: values.count), nil, values.baseAddress, nil, nil, 0) == 1
        }
    }

    private func grew() {
        self.hasGrown = true
        if self.isReplaceable { self.isRetiring = true }
    }

    /// Ends the segment. Newer libraries can do that without a system call for each: then the owner's turn ends with ``flush()``.
    private func sync() -> Bool {
        if let send = unsafe LibraryFeatures.sendPipelineSync {
            self.needsFlush = true
            return unsafe send(self.handle.pointer) == 1
        }
        guard unsafe PQpipelineSync(self.handle.pointer) == 1 else { return false }
        self.needsFlush = true
        return true
    }

    /// Sends what libpq still holds, as far as the socket takes it; the rest follows when it is writable.
    func flush() {
        guard self.needsFlush, self.isNotClosed, !self.isHeld else { return }
        switch unsafe PQflush(self.handle.pointer) {
        case 0:
            self.needsFlush = false
        case 1:
            guard !self.isArmedForWriting else { return }
            self.arm(forWriting: true)
        default:
            self.lose(self.handle.errorText)
        }
    }

    // MARK: - Waiting briefly

    /// Waits for an answer here and now, instead of going to sleep and being woken by two threads in turn: with a single call under way,
    /// and a function that takes microseconds, being woken takes longer than the function.
    ///
    /// - Parameter patience: how long the event loop may stand still for it.
    func waitBriefly(_ patience: TimeAmount) {
        guard self.isNotClosed, !self.isHeld, self.inFlight.count == 1, !self.needsFlush, !self.isArmedForWriting
        else { return }
        let deadline = NIODeadline.now() + patience
        repeat {
            if self.isReadable {
                self.receive()
                return
            }
            sched_yield()
        } while NIODeadline.now() < deadline
    }

    private var isReadable: Bool {
        var descriptor = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&descriptor, 1, 0) > 0
    }

    // MARK: - Receiving

    func descriptorIsReady() {
        guard self.isNotClosed, !self.isHeld else { return }
        self.isArmedForWriting = false
        self.receive()
    }

    /// Stops reading after what has been read; the server will soon stop sending.
    func pause() {
        self.isPaused = true
    }

    /// Reads on.
    func resume() {
        guard self.isPaused else { return }
        self.isPaused = false
        self.readOn()
    }

    /// Reads what runs to its end, even if paused: nobody waits for its rows any more, only for its end.
    func drain() {
        guard !self.inFlight.isEmpty, !self.isDraining else { return }
        self.isDraining = true
        if self.isPaused { self.readOn() }
    }

    private func readOn() {
        guard self.isNotClosed else { return }
        // A report may have come and gone meanwhile; and the pause was not the server's.
        self.isArmedForWriting = false
        self.headSince = .now()
        // What a row became may have been taken by the router at once, in the middle of ``takeResults()``.
        if self.isReceiving { self.isToReadOn = true } else { self.receive() }
    }

    private func receive() {
        // An answer may be the last thing that somebody wanted of the owner.
        let owner = self.owner
        defer { withExtendedLifetime(owner) {} }
        self.isReceiving = true
        defer { self.isReceiving = false }
        repeat {
            self.isToReadOn = false
            self.weighIncomplete()
            guard self.isNotClosed else { return }
            guard unsafe PQconsumeInput(self.handle.pointer) == 1 else {
                let reason = self.handle.errorText
                self.takeResults()
                return self.lose(reason)
            }
            self.takeNotifications()
            self.takeResults()
        } while self.isToReadOn && self.isNotClosed
        guard self.isNotClosed else { return }
        if self.isRetiring, self.inFlight.isEmpty {
            self.lose(nil)
            return
        }
        self.flush()
        guard self.isNotClosed, !self.isHeld, !self.isArmedForWriting else { return }
        self.arm(forWriting: self.needsFlush)
    }

    /// A row is measured in the server, but not an error's text, nor what CALL returns. libpq takes all of a message into memory before it tells of
    /// it, so a connection that is seen to bring too much at once is closed. (A server that is faster than this side is not seen in time: libpq
    /// reads for as long as there is something to read.)
    private func weighIncomplete() {
        guard !self.inFlight.isEmpty else { return self.incomplete = nil }
        guard let incomplete = self.incomplete else { return self.incomplete = 0 }
        var arrived: Int32 = 0
        guard unsafe ioctl(self.descriptor, UInt(FIONREAD), &arrived) == 0 else { return }
        self.incomplete = incomplete + Int(arrived)
        let most = self.inFlight.reduce(0) { max($0, $1.work?.mostOctets ?? Work.usualMostOctets) }
        guard incomplete + Int(arrived) > most else { return }
        self.inFlight[0].error = .tooLargeAnswer
        self.lose(DatabaseError.tooLargeAnswer.message)
    }

    private func takeNotifications() {
        while let notification = unsafe PQnotifies(self.handle.pointer) {
            self.incomplete = nil
            defer { unsafe PQfreemem(notification) }
            let channel = unsafe String(cString: notification.pointee.relname)
            let payload = unsafe notification.pointee.extra
            let length = unsafe payload.map { unsafe strlen($0) } ?? 0
            unsafe self.owner.notified(
                channel: channel, payload: UnsafeRawBufferPointer(start: payload, count: length), on: self)
        }
    }

    private func takeResults() {
        guard !self.inFlight.isEmpty else { return }
        let now = NIODeadline.now()
        while !self.inFlight.isEmpty, self.isNotClosed, !self.isHeld, unsafe PQisBusy(self.handle.pointer) == 0 {
            guard let pointer = unsafe PQgetResult(self.handle.pointer) else {
                // A broken connection says nothing but "no more results", for ever.
                guard unsafe PQstatus(self.handle.pointer) == CONNECTION_OK else {
                    return self.lose(self.handle.errorText)
                }
                guard self.machine.commandEnded() != .broken else { return self.giveUp() }
                self.enterSingleRowMode()
                continue
            }
            self.incomplete = nil
            self.take(unsafe QueryResult(owning: pointer), now: now)
        }
        guard self.isNotClosed else { return }
        if !self.inFlight.isEmpty { self.lookAtReportedSettings() }
        self.owner.turnEnded(on: self)
    }

    private var isNotClosed: Bool {
        if case .closed = self.state { return false }
        return true
    }

    private func take(_ result: consuming QueryResult, now: NIODeadline) {
        let kind = result.kind
        guard kind != .copy else {
            self.inFlight[0].error = DatabaseError(
                sqlstate: "0A000", message: "COPY to or from the client is not possible in a procedure")
            return self.lose("a procedure began a COPY, which can't be ended in a pipeline")
        }
        guard !result.isLossOfConnection else { return self.lose(self.handle.errorText) }
        switch self.machine.received(kind) {
        case .none:
            break
        case .handRowsOver:
            self.handOver(result)
        case .handDescriptionOver:
            guard let work = self.head else { return self.giveUp() }
            work.handler.described(result.shape, of: work)
        case .keepError:
            if result.memory > Self.greatestMessage { self.grew() }
            self.inFlight[0].error = result.error
        case .remember(let statement):
            self.preparing.remove(statement)
            if self.leaving.remove(statement) != nil { self.retire(statement) }
        case .forget(let statement):
            self.forget(statement)
        case .forgetAndKeepError(let statement):
            self.forget(statement)
            self.inFlight[0].error = result.error
        case .endSegment:
            self.endSegment(now: now)
            return
        case .broken:
            return self.giveUp()
        }
        if kind == .command, self.machine.isAtMain { self.inFlight[0].affectedRows = result.affectedRows }
    }

    private func forget(_ statement: Statement) {
        self.prepared.remove(statement)
        self.preparing.remove(statement)
        self.leaving.remove(statement)
    }

    private func handOver(_ result: borrowing QueryResult) {
        guard let work = self.head else { return self.giveUp() }
        for number in 0..<result.rowCount {
            let row = result.row(number)
            if row.byteCount > Self.greatestMessage { self.grew() }
            work.handler.received(row, of: work)
        }
        if result.kind == .rows { self.inFlight[0].affectedRows = result.affectedRows }
    }

    private func enterSingleRowMode() {
        guard self.machine.isAtMain, let work = self.head, work.isSet else { return }
        _ = unsafe PQsetSingleRowMode(self.handle.pointer)
    }

    private func endSegment(now: NIODeadline) {
        let ended = self.inFlight.removeFirst()
        self.isDraining = false
        guard let work = ended.work else {
            return self.isSetting ? self.settingsEnded(ended.error) : self.resetEnded(ended.error)
        }
        let headSince = self.headSince
        self.headSince = now
        let status = unsafe PQtransactionStatus(self.handle.pointer)
        let isClean = status == PQTRANS_IDLE || (!self.inFlight.isEmpty && status == PQTRANS_ACTIVE)
        if ended.error?.sqlstate == "25006" || ended.error?.sqlstate == "26000" { self.isRetiring = true }
        if work.settings != nil { self.needsReset = true }
        if let error = ended.error, Self.canComeFromSettings(error) { self.needsReset = true }
        if self.inFlight.isEmpty { self.lookAtReportedSettings() }
        self.enterSingleRowMode()
        self.owner.ended(
            work, error: ended.error, affectedRows: ended.affectedRows,
            ran: now - max(headSince, ended.sentAt), on: self)
        guard !isClean, self.isNotClosed else { return }
        let isExpected = work.isExplicitTransaction && ended.error != nil
        self.lose(isExpected ? nil : "a procedure left a transaction open in its session")
    }

    /// Whether a role, a search path or a deadline that was left behind in the session can be the reason: of what failed ahead of a function
    /// nothing tells whether the session was clean.
    private static func canComeFromSettings(_ error: DatabaseError) -> Bool {
        error.sqlstate == "57014"
            || (error.context == nil && (error.sqlstate.hasPrefix("42") || error.sqlstate.hasPrefix("3F")))
    }

    private func resetEnded(_ error: DatabaseError?) {
        self.resets -= 1
        self.headSince = .now()
        if error == nil {
            self.reported = ReportedSettings(of: self.handle)
        } else {
            self.isRetiring = true
        }
        self.enterSingleRowMode()
        guard error == nil, let follower = self.follower else { return self.owner.resetEnded(on: self) }
        if let settings = follower.settings { return self.sendSettings(settings) }
        self.sendFollower()
    }

    private func sendFollower() {
        guard let follower = self.follower else { return self.owner.resetEnded(on: self) }
        self.follower = nil
        guard !self.send(follower, now: .now()) else { return }
        self.owner.notSent(follower)
    }

    /// Sends what the follower needs set, in a transaction of its own.
    private func sendSettings(_ text: String) {
        guard self.run(text, Parameters()), self.sync() else { return self.lose(self.handle.errorText) }
        self.machine.sent([.prelude])
        self.inFlight.append(InFlight(work: nil, sentAt: .now()))
        self.isSetting = true
        self.flush()
    }

    /// What can't be set is the follower's fault, not the session's.
    private func settingsEnded(_ error: DatabaseError?) {
        let began = self.headSince
        self.isSetting = false
        self.headSince = .now()
        self.enterSingleRowMode()
        guard let error, let follower = self.follower else { return self.sendFollower() }
        self.needsReset = true
        self.follower = nil
        self.owner.ended(follower, error: error, affectedRows: 0, ran: .now() - began, on: self)
    }

    /// A setting that the server reports by itself has changed, and it was not one of ours that changed it.
    private func lookAtReportedSettings() {
        if !self.needsReset, !self.reported.isEqual(to: self.handle) { self.needsReset = true }
    }

    // MARK: - Ending

    /// Closes an idle connection, or drops one whose work nobody waits for. The owner is not told.
    func close() {
        guard self.isNotClosed else { return }
        self.state = .closed
        self.watcher.remove(self.descriptor, token: self.token)
        self.inFlight.removeAll()
        self.owner.finish(self.handle)
    }

    /// Closes an idle connection, so that another takes its place. The owner is told.
    func replace() {
        guard self.inFlight.isEmpty else { return }
        self.lose(nil)
    }

    /// Ends the connection from this side.
    ///
    /// - Parameter isHung: the server does not answer, so that its backend may go on running.
    func abandon(_ reason: String, isHung: Bool = false) {
        if isHung { self.hungBackend = self.handle.identity }
        self.lose(reason)
    }

    private func giveUp() {
        self.lose("the server's answers do not fit what was sent")
    }

    /// - Parameter reason: nil if it is closed on purpose, after it had ended all its work.
    private func lose(_ reason: String?) {
        guard self.isNotClosed else { return }
        let unanswered = self.inFlight.compactMap { sent in sent.work.map { (work: $0, error: sent.error) } }
        let follower = self.follower
        self.follower = nil
        self.close()
        self.owner.lost(self, reason: reason, unanswered: unanswered)
        if let follower { self.owner.notSent(follower) }
    }

    private func arm(forWriting: Bool) {
        do {
            try self.watcher.rearm(self.descriptor, writable: forWriting, token: self.token)
            self.isArmedForWriting = forWriting
        } catch {
            self.lose(error.description)
        }
    }
}

internal import DequeModule
import Glibc
import NIOCore

/// One connection to the database, in pipeline mode, on the event loop.
///
/// It sends its owner's work, hands rows over as they come, and reports how each unit of work ended. It decides
/// nothing: the ``PoolStateMachine`` decides which work it gets, the ``ConnectionKeeper`` when to connect again, the
/// ``PipelineStateMachine`` which result belongs to which work, the ``CleaningStateMachine`` when the session is put in
/// order, and the ``FlowStateMachine`` when it reads.
final class Connection: WatcherHandler {
    private enum State {
        case open
        case closed
    }

    struct InFlight {
        /// Nil for the statements that put the session in order.
        let work: Work?
        let sentAt: NIODeadline
        var error: DatabaseError?
        var affectedRows: Int?
    }

    /// The size, in octets, from which a message makes libpq's buffers grow permanently.
    static let greatestMessage = 1 << 20

    let handle: ConnectionHandle
    private let descriptor: Int32
    private let watcher: Watcher
    let eventLoop: any EventLoop
    private let isReplaceable: Bool
    unowned let owner: any ConnectionOwner
    private var token: Watcher.Token = 0
    private var state = State.open
    var pipeline = PipelineStateMachine()
    var cleaning = CleaningStateMachine<Work>()
    var flow = FlowStateMachine()
    var statements = PreparedStatements()
    var inFlight = Deque<InFlight>()
    /// The octets that have come since the last complete message; libpq holds them. Nil if there are none.
    var incomplete: Int?
    var reported: ReportedSettings

    /// Which of its owner's connections it is, as ``ConnectionKeeper/slot``.
    let slot: Int
    /// The process id of the backend: what `pg_cancel_backend` takes.
    let backend: Int32
    /// The time when the segment that runs now became the first: the ones ahead of it have ended.
    var headSince: NIODeadline
    /// A large message has made its buffers grow.
    private(set) var hasGrown = false
    /// Nothing more should be sent; the connection is closed as soon as the running work has ended.
    var isRetiring = false
    /// The backend, which continues to run although the connection was given up: it did not answer.
    private(set) var hungBackend: BackendIdentity?

    /// Starts watching the connection.
    init(
        _ handle: ConnectionHandle, part: ConnectionSettings.Part, slot: Int, watcher: Watcher,
        eventLoop: any EventLoop, owner: any ConnectionOwner
    ) throws(WatcherError) {
        self.handle = handle
        self.isReplaceable = part.isReplaceable
        self.slot = slot
        self.descriptor = handle.descriptor
        self.watcher = watcher
        self.eventLoop = eventLoop
        self.owner = owner
        self.backend = handle.backend
        self.reported = ReportedSettings(of: handle)
        self.headSince = eventLoop.now
        self.token = try watcher.add(self.descriptor, writable: false, handler: self)
    }

    /// The server that it is connected to, as far as known.
    var server: ServerIdentity? { self.handle.server }

    /// For example 150018.
    var serverVersion: Int32 { self.handle.serverVersion }

    /// Whether nothing is read.
    var isHeld: Bool { self.flow.isHeld }

    /// Something may have been left behind in the session: it is put in order before the next statement.
    var needsReset: Bool { self.cleaning.isSoiled }

    /// The number of units of work that were sent and have not ended.
    var depth: Int { self.inFlight.count }

    /// The work that the server is running, if any.
    var head: Work? { self.inFlight.isEmpty ? nil : self.inFlight[0].work }

    /// The first work that has not ended, whether the server is running it or something ahead of it.
    var first: Work? { self.inFlight.lazy.compactMap(\.work).first ?? self.cleaning.follower }

    var isNotClosed: Bool {
        switch self.state {
        case .open: true
        case .closed: false
        }
    }

    /// The statement will not be used again: the next work deallocates it at the server.
    func retire(_ statement: Statement) {
        self.statements.retire(statement)
    }

    // MARK: - Sending

    /// Sends a unit of work and its Sync.
    ///
    /// - Returns: false if none of it can have run: the connection is broken, and the owner learns so within this call.
    func send(_ work: Work, now: NIODeadline) -> Bool {
        guard self.isNotClosed else { return false }
        let commands = self.statements.commands(for: work)
        for command in commands {
            guard self.send(command, of: work) else {
                self.lose(self.handle.errorText)
                return false
            }
        }
        guard self.endSegment(commands, of: work, now: now) else { return false }
        work.state = .sent(slot: self.slot, at: now)
        if self.inFlight.count == 1 { self.enterSingleRowMode() }
        if work.isDisposable || self.statements.areTooMany { self.isRetiring = true }
        return true
    }

    /// Puts the session in order, after the work that was sent before. If that fails, the connection is closed when all
    /// of it has ended.
    func reset(_ session: CleanSession) {
        guard self.isNotClosed, self.cleaning.clean() else { return }
        self.sendPreludes(session.reset)
    }

    /// Puts the session in order, and sends the work when that has succeeded. Only for an idle connection.
    ///
    /// - Returns: as ``send(_:now:)``. If the session can't be put in order, the owner learns it by
    ///   ``ConnectionOwner/notSent(_:)``.
    func send(_ work: Work, afterReset session: CleanSession, now: NIODeadline) -> Bool {
        self.reset(session)
        guard self.isNotClosed else { return false }
        self.cleaning.follow(work, settings: work.settings)
        work.state = .sent(slot: self.slot, at: now)
        return true
    }

    /// A segment of statements that belong to no work.
    func sendPreludes(_ texts: [String]) {
        for text in texts {
            guard self.handle.run(text) else { return self.lose(self.handle.errorText) }
        }
        _ = self.endSegment(
            [PipelineStateMachine.Command](repeating: .prelude, count: texts.count), of: nil, now: self.eventLoop.now)
    }

    private func send(_ command: PipelineStateMachine.Command, of work: Work) -> Bool {
        switch command {
        case .deallocate(let statement): return self.handle.run("deallocate \(statement.name)")
        case .prepare(let statement): return self.handle.prepare(statement)
        case .begin: return self.handle.run("begin")
        case .commit: return self.handle.run("commit")
        case .prelude:
            guard let (statement, parameters) = work.prelude else { return true }
            self.weigh(parameters)
            return self.handle.run(statement, parameters)
        case .parse, .main, .describe:
            return self.sendMain(command, work.command)
        case .sync:
            return self.handle.sync()
        }
    }

    private func sendMain(_ step: PipelineStateMachine.Command, _ command: Work.Command) -> Bool {
        switch command {
        case .prepared(let statement, let parameters):
            self.weigh(parameters)
            return self.handle.run(statement, parameters)
        case .text(let text, let parameters):
            self.weigh(parameters)
            return self.handle.run(text, parameters)
        case .describe(let text):
            return step == .parse ? self.handle.parse(text) : self.handle.describe()
        }
    }

    /// Sends the Sync. Where the library sends it with the next flush, the owner's turn ends with ``flush()``.
    private func endSegment(_ commands: [PipelineStateMachine.Command], of work: Work?, now: NIODeadline) -> Bool {
        guard self.handle.sync() else {
            self.lose(self.handle.errorText)
            return false
        }
        self.flow.sent()
        self.pipeline.sent(commands)
        if self.inFlight.isEmpty { self.headSince = now }
        self.inFlight.append(InFlight(work: work, sentAt: now))
        return true
    }

    private func weigh(_ parameters: Parameters) {
        if parameters.byteCount > Self.greatestMessage { self.grew() }
    }

    func grew() {
        self.hasGrown = true
        if self.isReplaceable { self.isRetiring = true }
    }

    /// Sends libpq's buffer, as far as the socket accepts it; the rest follows when it is writable.
    func flush() {
        guard self.flow.isPending, self.isNotClosed, !self.isHeld else { return }
        switch self.handle.flush() {
        case .all: self.flow.flushed()
        case .part: if self.flow.mustArm { self.arm() }
        case .broken: self.lose(self.handle.errorText)
        }
    }

    func enterSingleRowMode() {
        guard self.pipeline.isAtMain, let work = self.head, work.isSet else { return }
        self.handle.enterSingleRowMode()
    }

    // MARK: - Waiting briefly

    /// Waits for an answer here and now, instead of sleeping until two threads have woken this one: with a single call
    /// under way, and a function that takes microseconds, waking takes longer than the function.
    ///
    /// The time is the thread's, not the event loop's: this one stands still.
    ///
    /// - Parameter patience: how long the event loop may stand still for it.
    func waitBriefly(_ patience: TimeAmount) {
        guard self.isNotClosed, !self.isHeld, self.inFlight.count == 1, self.flow.hasNothingToSend else { return }
        let deadline = NIODeadline.now() + patience
        repeat {
            if self.handle.isReadable {
                self.receive()
                return
            }
            sched_yield()
        } while NIODeadline.now() < deadline
    }

    // MARK: - Ending

    /// Closes an idle connection, or drops one whose work is of no use any more. The owner is not called.
    func close() {
        guard self.isNotClosed else { return }
        self.state = .closed
        self.watcher.remove(self.descriptor, token: self.token)
        self.inFlight.removeAll()
        self.owner.finish(self.handle)
    }

    /// Closes an idle connection, so that another takes its place. The owner is called.
    func replace() {
        guard self.inFlight.isEmpty else { return }
        self.lose(nil)
    }

    /// Ends the connection from this side.
    ///
    /// - Parameter isHung: the server does not answer, so its backend may continue to run.
    func abandon(_ reason: String, isHung: Bool = false) {
        if isHung { self.hungBackend = self.handle.identity }
        self.lose(reason)
    }

    func giveUp() {
        self.lose("the server's answers do not match the requests")
    }

    /// - Parameter reason: nil if it is closed on purpose, after all its work has ended.
    func lose(_ reason: String?) {
        guard self.isNotClosed else { return }
        let unanswered = self.inFlight.compactMap { sent in sent.work.map { (work: $0, error: sent.error) } }
        let follower = self.cleaning.lost()
        self.close()
        self.owner.lost(self, reason: reason, unanswered: unanswered)
        if let follower { self.owner.notSent(follower) }
    }

    /// Requests a report when the socket is readable, or also writable if something is left to be sent.
    func arm() {
        let forWriting = self.flow.isPending
        do {
            try self.watcher.rearm(self.descriptor, writable: forWriting, token: self.token)
            self.flow.armed(forWriting: forWriting)
        } catch {
            self.lose(error.description)
        }
    }
}
